package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static io.uk4j.net.tcpip.tcp.Script.MS;
import static io.uk4j.net.tcpip.tcp.Script.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import io.uk4j.net.tcpip.TcpConnection;
import io.uk4j.net.tcpip.TcpException;
import io.uk4j.net.tcpip.TcpListener;
import io.uk4j.net.tcpip.TcpState;
import io.uk4j.net.tcpip.ip.IcmpError;
import java.util.List;
import org.junit.jupiter.api.Test;

class HandshakeTest {
    private final Script script = new Script();
    private final Script.Log log = new Script.Log();

    @Test
    void answersASynWithTheOptionsThatItOffers() {
        script.listen(log);
        script.receive(
                Seg.of(Flags.SYN).seq(IRS).mss(1400).scale(7).sackPermitted().timestamps(99, 0));
        Seg answer = script.next();
        assertEquals(Flags.SYN | Flags.ACK, answer.flags);
        assertEquals(ISS, answer.seq);
        assertEquals(IRS + 1, answer.ack);
        assertEquals(1460, answer.mss);
        assertEquals(4, answer.scale);
        assertTrue(answer.sackPermitted);
        assertTrue(answer.timestamps);
        assertEquals(99, answer.tsEcho);
        assertEquals(0xffff, answer.window);
    }

    @Test
    void answersABareSynWithoutOptionsButTheSegmentSize() {
        script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        Seg answer = script.next();
        assertEquals(1460, answer.mss);
        assertEquals(-1, answer.scale);
        assertFalse(answer.sackPermitted || answer.timestamps);
        script.receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(ISS + 1));
        assertEquals(536, script.connection().info().maxSegmentBytes());
    }

    @Test
    void acceptsWhenTheHandshakeIsComplete() {
        TcpListener listener = script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        assertEquals(1, listener.halfOpen());
        script.receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(ISS + 1).data(5));
        assertEquals(0, listener.halfOpen());
        assertEquals(0, listener.waiting());
        assertEquals(TcpState.ESTABLISHED, script.connection().state);
        assertEquals(5, log.received.size());
    }

    @Test
    void opensActively() {
        TcpConnection c = script.tcp.connect(Script.peer(), log);
        script.settle();
        Seg syn = script.next();
        assertEquals(Flags.SYN, syn.flags);
        assertTrue(syn.sackPermitted && syn.timestamps && syn.scale == 4 && syn.mss == 1460);
        Seg answer = Seg.of(Flags.SYN)
                .seq(IRS)
                .ack(ISS + 1)
                .mss(1000)
                .scale(2)
                .window(1000)
                .timestamps(7, syn.tsValue);
        answer.destinationPort = syn.sourcePort;
        script.peerPort = syn.destinationPort;
        script.receive(answer);
        Seg ack = script.next();
        assertEquals(Flags.ACK, ack.flags);
        assertEquals(IRS + 1, ack.ack);
        assertEquals(7, ack.tsEcho);
        assertEquals(List.of("connected"), log.heard);
        assertEquals(988, c.info().maxSegmentBytes());
        assertEquals(1000, c.info().peerWindowBytes(), "the window of a SYN is not scaled");
    }

    @Test
    void opensSimultaneously() {
        Connection c = (Connection) script.tcp.connect(Script.peer(), log);
        script.settle();
        Seg syn = script.next();
        Seg crossing = Seg.of(Flags.SYN).seq(IRS).mss(1460);
        crossing.destinationPort = syn.sourcePort;
        script.receive(crossing);
        Seg both = script.next();
        assertEquals(Flags.SYN | Flags.ACK, both.flags);
        assertEquals(ISS, both.seq);
        assertEquals(IRS + 1, both.ack);
        assertEquals(TcpState.SYN_RECEIVED, c.state);
        Seg last = Seg.of(Flags.SYN).seq(IRS).ack(ISS + 1);
        last.destinationPort = syn.sourcePort;
        script.receive(last);
        assertEquals(TcpState.ESTABLISHED, c.state);
        assertEquals(Flags.ACK, script.next().flags, "not a SYN again, which the peer would answer in kind, for ever");
        assertTrue(script.sent.isEmpty());
        assertEquals(List.of("connected"), log.heard);
    }

    @Test
    void aResetRefusesAnAttempt() {
        script.tcp.connect(Script.peer(), log);
        script.settle();
        Seg syn = script.next();
        Seg blind = Seg.of(Flags.RST | Flags.ACK).seq(0).ack(ISS + 77);
        blind.destinationPort = syn.sourcePort;
        script.receive(blind);
        assertEquals(List.of(), log.heard);
        Seg reset = Seg.of(Flags.RST | Flags.ACK).seq(0).ack(ISS + 1);
        reset.destinationPort = syn.sourcePort;
        script.receive(reset);
        assertEquals(List.of("closed REFUSED"), log.heard);
        assertEquals(0, script.tcp.connections());
    }

    @Test
    void repeatsASynAndGivesUp() {
        script.tcp.connect(Script.peer(), log);
        script.pass(300 * SECOND);
        assertEquals(7, script.sent.size());
        assertEquals(List.of("closed TIMED_OUT"), log.heard);
        assertEquals(1, script.tcp.counters.handshakesFailed.value());
    }

    @Test
    void anIcmpErrorRefusesAnAttempt() {
        script.tcp.connect(Script.peer(), log);
        script.settle();
        Seg syn = script.next();
        long head = ((long) syn.sourcePort << 48) | ((long) syn.destinationPort << 32) | ISS;
        script.tcp.error(IcmpError.PORT_UNREACHABLE, Script.LOCAL, Script.PEER, head + 5, 0);
        script.settle();
        assertEquals(List.of(), log.heard);
        assertEquals(1, script.drops(TcpDrop.ICMP_QUOTE));
        script.tcp.error(IcmpError.PORT_UNREACHABLE, Script.LOCAL, Script.PEER, head, 0);
        script.settle();
        assertEquals(List.of("closed REFUSED"), log.heard);
    }

    @Test
    void resetsWhatNobodyListensFor() {
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        Seg reset = script.next();
        assertEquals(Flags.RST | Flags.ACK, reset.flags);
        assertEquals(0, reset.seq);
        assertEquals(IRS + 1, reset.ack);
        script.receive(Seg.of(Flags.ACK).seq(IRS).ack(4711));
        reset = script.next();
        assertEquals(Flags.RST, reset.flags);
        assertEquals(4711, reset.seq);
        script.receive(Seg.of(Flags.RST).seq(IRS));
        assertTrue(script.sent.isEmpty(), "a reset is not answered");
    }

    @Test
    void keepsNoMoreHalfOpenConnectionsThanTheBacklog() {
        TcpListener listener = script.listen(log);
        for (int i = 0; i < 10; i++) {
            script.peerPort = 2000 + i;
            script.receive(Seg.of(Flags.SYN).seq(IRS));
        }
        assertEquals(4, listener.halfOpen());
        assertEquals(4, script.sent.size());
        assertEquals(6, script.drops(TcpDrop.SYN_QUEUE_FULL));
        script.pass(200 * SECOND);
        assertEquals(0, listener.halfOpen(), "each is given up after its retries");
        assertEquals(0, script.tcp.connections());
    }

    @Test
    void whatIsNotAcceptedWaitsAndWhatHasNoPlaceTriesAgain() {
        boolean[] accepts = {false};
        TcpListener listener = script.tcp.listen(Script.local(), 2, c -> accepts[0] ? log : null);
        for (int i = 0; i < 2; i++) {
            script.peerPort = 2000 + i;
            script.receive(Seg.of(Flags.SYN).seq(IRS));
            script.receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(ISS + 1));
        }
        assertEquals(2, listener.waiting());
        script.peerPort = 2002;
        script.sent.clear();
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        assertTrue(script.sent.isEmpty());
        assertEquals(1, script.drops(TcpDrop.ACCEPT_QUEUE_FULL));
        accepts[0] = true;
        listener.resume();
        assertEquals(0, listener.waiting());
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        assertEquals(Flags.SYN | Flags.ACK, script.next().flags);
    }

    @Test
    void aConnectionThatIsResetLeavesTheAcceptQueue() {
        TcpListener listener = script.tcp.listen(Script.local(), 2, c -> null);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        script.receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(ISS + 1));
        assertEquals(1, listener.waiting());
        script.receive(Seg.of(Flags.RST).seq(IRS + 1));
        assertEquals(0, listener.waiting());
        assertNull(script.flow());
    }

    @Test
    void closingAListenerResetsWhatItHasNotAccepted() {
        TcpListener listener = script.tcp.listen(Script.local(), 2, c -> null);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        script.receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(ISS + 1));
        script.peerPort++;
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        script.sent.clear();
        listener.close();
        script.settle();
        assertEquals(2, script.sent.stream().filter(s -> s.has(Flags.RST)).count());
        assertEquals(0, script.tcp.connections());
    }

    @Test
    void answersARepeatedSynAgain() {
        script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        script.sent.clear();
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        assertEquals(Flags.SYN | Flags.ACK, script.next().flags);
        assertEquals(1, script.tcp.connections());
    }

    @Test
    void refusesASecondListenerAtThePort() {
        script.listen(log);
        TcpException refused = assertThrows(TcpException.class, () -> script.listen(log));
        assertEquals(TcpException.Condition.ADDRESS_IN_USE, refused.condition());
        TcpListener any = script.tcp.listen(new Endpoint(Ipv4Address.ANY, 0), 1, c -> log);
        assertTrue(any.local().port() >= 32_768);
    }

    @Test
    void refusesMoreConnectionsThanThereMayBe() {
        Script small = new Script("uk.tcp.connections=1");
        small.tcp.connect(Script.peer(), log);
        assertThrows(TcpException.class, () -> small.tcp.connect(Script.peer(), log));
        small.listen(log);
        small.receive(Seg.of(Flags.SYN).seq(IRS));
        assertEquals(1, small.drops(TcpDrop.CONNECTION_LIMIT));
    }

    @Test
    void measuresTheRoundTripOfTheHandshake() {
        script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        script.pass(30 * MS);
        script.receive(Seg.of(Flags.ACK).seq(IRS + 1).ack(ISS + 1));
        assertEquals(30 * MS, script.connection().info().rttNs());
    }

    @Test
    void aLostSynLeavesALongerTimeoutUntilSomethingIsMeasured() {
        script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS));
        script.pass(SECOND);
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1));
        assertEquals(3 * SECOND, script.connection().rtt.rtoNs());
    }
}
