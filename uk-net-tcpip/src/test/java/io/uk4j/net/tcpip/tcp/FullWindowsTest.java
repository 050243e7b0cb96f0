package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static io.uk4j.net.tcpip.tcp.Script.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Acknowledgements at the very end of a window (RFC 9293, section 3.10.7.4, first step). */
class FullWindowsTest {
    private final Script script = new Script();
    private final Script.Log log = new Script.Log();

    @Test
    void takesAnAcknowledgementRightBehindAWindowWithAHole() {
        Connection c = script.established(log);
        assertEquals(100, c.write(new byte[100], 0, 100));
        script.settle();
        int edge = IRS + 1 + c.rcv.window();
        script.receive(Seg.of(0).seq(edge).ack(ISS + 101));
        assertEquals(0, c.snd.queue.bytes.bytes(), "the peer has filled the window, and its first segment was lost");
        assertEquals(0, script.drops(TcpDrop.WINDOW));
    }

    @Test
    void takesNothingThatStandsFurtherBeyond() {
        Connection c = script.established(log);
        assertEquals(100, c.write(new byte[100], 0, 100));
        script.settle();
        script.receive(Seg.of(0).seq(IRS + 2 + c.rcv.window()).ack(ISS + 101));
        assertEquals(100, c.snd.queue.bytes.bytes());
        assertEquals(1, script.drops(TcpDrop.WINDOW));
    }

    @Test
    void acknowledgesWithinThePeersWindowThoughAProbeWentBeyondIt() {
        Connection c = script.established(log);
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1).window(0));
        assertEquals(100, c.write(new byte[100], 0, 100));
        script.pass(2 * SECOND);
        assertEquals(1, script.next().data.length);
        script.sent.clear();
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1).window(0).data(10));
        Seg answer = script.next();
        assertEquals(0, answer.data.length);
        assertEquals(IRS + 11, answer.ack);
        assertEquals(ISS + 1, answer.seq, "a peer whose window is closed takes no other");
    }

    @Test
    void resetsWithinThePeersWindowThoughAProbeWentBeyondIt() {
        Connection c = script.established(log);
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1).window(0));
        assertEquals(100, c.write(new byte[100], 0, 100));
        script.pass(2 * SECOND);
        script.sent.clear();
        c.abort();
        script.settle();
        Seg reset = script.next();
        assertEquals(Flags.RST | Flags.ACK, reset.flags);
        assertEquals(ISS + 1, reset.seq);
    }
}
