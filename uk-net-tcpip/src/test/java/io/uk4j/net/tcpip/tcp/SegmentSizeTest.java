package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.net.tcpip.TcpListener;
import io.uk4j.net.tcpip.ip.IcmpError;
import org.junit.jupiter.api.Test;

/** No segment is longer than the path bears (RFC 1191) or the peer takes (RFC 9293, section 3.7.1). */
class SegmentSizeTest {
    private final Script script = new Script();
    private final Script.Log log = new Script.Log();

    @Test
    void otherConnectionsLearnTheSmallerPathMtuToo() {
        Connection c = script.established(log);
        assertEquals(100, c.write(new byte[100], 0, 100));
        script.settle();
        long head = ((long) Script.PORT << 48) | ((long) Script.PEER_PORT << 32) | (ISS + 1);
        script.tcp.error(IcmpError.TOO_BIG, Script.LOCAL, Script.PEER, head, 1000);
        assertEquals(1000, script.mtuBytes(Script.PEER));
    }

    @Test
    void aForgedErrorLowersNothing() {
        script.established(log);
        long head = ((long) Script.PORT << 48) | ((long) Script.PEER_PORT << 32) | (ISS + 77);
        script.tcp.error(IcmpError.TOO_BIG, Script.LOCAL, Script.PEER, head, 1000);
        assertEquals(1500, script.mtuBytes(Script.PEER));
    }

    @Test
    void sendsNoMoreThanThePathBearsThoughAnotherConnectionFoundOut() {
        Connection c = script.established(log);
        script.lowerMtu(Script.PEER, 1000);
        assertEquals(5000, c.write(new byte[5000], 0, 5000));
        script.settle();
        assertEquals(960, script.next().data.length);
    }

    @Test
    void aDeviceThatCutsIsToldTheSizeEvenOfTinySegments() {
        script.maxSegmentationBytes = 65_535;
        TcpListener listener = script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS).mss(100));
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1));
        script.sent.clear();
        Connection c = script.connection();
        assertEquals(200, c.write(new byte[200], 0, 200));
        script.settle();
        Seg large = script.next();
        assertTrue(large.data.length <= 100 || large.gsoSize == 100, large.data.length + " bytes");
        listener.close();
    }
}
