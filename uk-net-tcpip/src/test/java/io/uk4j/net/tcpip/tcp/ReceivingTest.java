package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static io.uk4j.net.tcpip.tcp.Script.MS;
import static io.uk4j.net.tcpip.tcp.Script.SECOND;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.TcpListener;
import io.uk4j.net.tcpip.TcpState;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReceivingTest {
    private final Script script = new Script();
    private final Script.Log log = new Script.Log();

    private static Seg data(int from, int length) {
        return Seg.of(Flags.PSH).seq(IRS + 1 + from).ack(ISS + 1).data(length);
    }

    private void assertStream(int length) {
        byte[] bytes = log.received.toByteArray();
        assertEquals(length, bytes.length);
        for (int i = 0; i < length; i++) {
            assertEquals((byte) (IRS + 1 + i), bytes[i]);
        }
    }

    /** Behind the quick acknowledgements of the start. */
    private int steady() {
        int at = 0;
        for (int i = 0; i < 20; i++) {
            script.receive(data(at, 1460));
            at += 1460;
        }
        script.pass(100 * MS);
        script.sent.clear();
        return at;
    }

    @Test
    void acknowledgesAtOnceAtTheStart() {
        script.established(log);
        script.receive(data(0, 100));
        assertEquals(IRS + 101, script.next().ack);
        assertStream(100);
    }

    @Test
    void delaysTheAcknowledgementOfASingleSegment() {
        script.established(log);
        int at = steady();
        script.receive(data(at, 100));
        assertTrue(script.sent.isEmpty());
        script.pass(42 * MS);
        assertEquals(IRS + 1 + at + 100, script.next().ack);
    }

    @Test
    void acknowledgesEverySecondSegment() {
        script.established(log);
        int at = steady();
        script.receive(data(at, 1460));
        assertTrue(script.sent.isEmpty());
        script.receive(data(at + 1460, 1460));
        assertEquals(IRS + 1 + at + 2920, script.next().ack);
        assertTrue(script.sent.isEmpty());
    }

    @Test
    void acknowledgesABatchOnce() {
        script.established(log);
        for (int i = 0; i < 10; i++) {
            script.deliver(data(1000 * i, 1000));
        }
        script.settle();
        assertEquals(1, script.sent.size());
        assertEquals(IRS + 10_001, script.next().ack);
        assertStream(10_000);
    }

    @Test
    void anAnswerCarriesTheAcknowledgement() {
        Script.Log echo = new Script.Log() {
            @Override
            public void onReadable(io.uk4j.net.tcpip.TcpConnection connection) {
                read(connection);
                connection.write(new byte[20], 0, 20);
            }
        };
        script.established(echo);
        script.receive(data(0, 100));
        Seg answer = script.next();
        assertEquals(20, answer.data.length);
        assertEquals(IRS + 101, answer.ack);
        assertTrue(script.sent.isEmpty());
    }

    @Test
    void keepsWhatComesAheadAndTellsByTheSackOption() {
        TcpListener listener = script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS).mss(1460).sackPermitted());
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1));
        script.sent.clear();
        script.receive(data(100, 100));
        script.receive(data(300, 100));
        script.receive(data(500, 100));
        script.receive(data(200, 50));
        Seg ack = script.sent.peekLast();
        assertEquals(IRS + 1, ack.ack);
        assertArrayEquals(new int[] {IRS + 101, IRS + 251}, ack.sack.get(0), "the latest first");
        assertArrayEquals(new int[] {IRS + 501, IRS + 601}, ack.sack.get(1));
        assertArrayEquals(new int[] {IRS + 301, IRS + 401}, ack.sack.get(2));
        assertEquals(0, log.received.size());
        script.receive(data(0, 100));
        assertStream(250);
        script.receive(data(250, 400));
        assertStream(650);
        assertEquals(0, script.sent.peekLast().sack.size());
        listener.close();
    }

    @Test
    void takesOverlappingSegmentsOnce() {
        script.established(log);
        script.receive(data(0, 100));
        script.receive(data(50, 100));
        script.receive(data(300, 100));
        script.receive(data(250, 200));
        script.receive(data(100, 400));
        assertStream(500);
    }

    @Test
    void remembersAnEndThatComesAheadOfItsTurn() {
        Connection c = script.established(log);
        Seg last = data(100, 50);
        last.flags |= Flags.FIN;
        script.receive(last);
        assertEquals(TcpState.ESTABLISHED, c.state);
        script.receive(data(0, 100));
        assertStream(150);
        assertEquals(TcpState.CLOSE_WAIT, c.state);
        assertEquals(IRS + 152, script.sent.peekLast().ack);
    }

    @Test
    void sequenceNumbersWrapAround() {
        for (int start : new int[] {-1, -2, -700, -1461}) {
            Script wrapping = new Script(start);
            Script.Log heard = new Script.Log();
            TcpListener listener = wrapping.listen(heard);
            wrapping.receive(Seg.of(Flags.SYN).seq(start).mss(1460));
            wrapping.receive(Seg.of(0).seq(start + 1).ack(start + 1));
            Connection c = wrapping.connection();
            wrapping.receive(Seg.of(0).seq(start + 1 + 1460).ack(start + 1).data(1460));
            wrapping.receive(Seg.of(0).seq(start + 1).ack(start + 1).data(1460));
            assertEquals(2920, heard.received.size());
            c.write(new byte[5000], 0, 5000);
            wrapping.settle();
            wrapping.receive(Seg.of(0).seq(start + 1 + 2920).ack(start + 1 + 5000));
            assertEquals(0, c.info().inFlightBytes());
            assertEquals(5000, c.info().bytesSent());
            c.close();
            wrapping.settle();
            wrapping.receive(Seg.of(Flags.FIN).seq(start + 1 + 2920).ack(start + 1 + 5001));
            assertEquals(TcpState.TIME_WAIT, c.state);
            listener.close();
        }
    }

    @Test
    void closesTheWindowAndOpensItAgain() {
        log.reads = false;
        Script small = new Script("uk.tcp.receivebuffer=8K");
        Connection c = small.established(log);
        int at = 0;
        while (c.rcv.window() > 0) {
            int length = Math.min(1000, c.rcv.window());
            small.receive(data(at, length));
            at += length;
        }
        assertEquals(8192, at);
        assertEquals(0, small.sent.peekLast().window);
        small.sent.clear();
        small.receive(data(at, 1));
        assertEquals(0, small.next().window, "a probe is answered");
        assertEquals(1, small.drops(TcpDrop.WINDOW));
        c.receive((buffer, offset, length) -> Math.min(length, 100));
        small.settle();
        assertTrue(small.sent.isEmpty(), "a window of 100 bytes is not worth telling");
        log.read(c);
        small.settle();
        assertEquals(8192, small.next().window);
    }

    @Test
    void oneByteSegmentsDoNotKeepASlotEach() {
        log.reads = false;
        Script small = new Script("uk.tcp.receivebuffer=64K");
        Connection c = small.established(log);
        for (int i = 0; i < 20_000; i++) {
            small.deliver(data(i, 1));
        }
        small.settle();
        assertEquals(20_000, c.readableBytes());
        assertTrue(c.info().memoryBytes() < 25_000, c.info().toString());
        log.read(c);
        assertEquals(20_000, log.received.size());
    }

    @Test
    void segmentsAheadKeepABoundedAmountOfMemory() {
        Script small = new Script("uk.tcp.receivebuffer=64K");
        Connection c = small.established(log);
        for (int i = 0; i < 2000; i++) {
            small.deliver(data(1 + 3 * i, 1));
        }
        small.settle();
        assertTrue(c.info().memoryBytes() <= 2 * 65_536 + 4096, c.info().toString());
        assertTrue(c.rcv.reassembly.ranges() <= Reassembly.MAX_RANGES);
        assertTrue(small.drops(TcpDrop.REASSEMBLY_FULL) > 0);
        c.abort();
        small.settle();
        assertEquals(0, small.pool.capacityBytes() - small.pool.availableBytes());
    }

    @Test
    void aConsumerMayKeepABuffer() {
        script.established(log);
        log.reads = false;
        script.receive(data(0, 1000));
        ByteBuf[] kept = new ByteBuf[1];
        Connection c = script.connection();
        assertEquals(1000, c.receive((buffer, offset, length) -> {
            kept[0] = buffer.retain();
            return length;
        }));
        assertNotNull(kept[0]);
        script.receive(data(1000, 10));
        assertEquals((byte) (IRS + 1), kept[0].getByte(kept[0].readerIndex() + 20));
        kept[0].release();
    }

    @Test
    void aConsumerMustNotReceiveAgain() {
        log.reads = false;
        Connection c = script.established(log);
        script.receive(data(0, 10));
        assertThrows(IllegalStateException.class, () -> c.receive((b, o, l) -> c.receive((b2, o2, l2) -> l2)));
        assertEquals(10, c.readableBytes());
    }

    @Test
    void aConsumerMayCloseTheConnection() {
        log.reads = false;
        Connection c = script.established(log);
        script.receive(data(0, 10));
        script.receive(data(10, 1400));
        c.receive((buffer, offset, length) -> {
            c.abort();
            return length;
        });
        script.settle();
        assertEquals(List.of("closed ABORTED"), log.heard);
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @Test
    void dropsSegmentsFromAnEarlierTurnOfTheSequenceNumbers() {
        TcpListener listener = script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS).timestamps(1000, 0));
        int ours = script.next().tsValue;
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1).timestamps(1001, ours));
        script.receive(data(0, 10).timestamps(1010, ours));
        script.sent.clear();
        script.receive(data(10, 10).timestamps(1005, ours));
        assertEquals(1, script.drops(TcpDrop.OLD_TIMESTAMP));
        assertEquals(IRS + 11, script.next().ack);
        script.receive(data(10, 10));
        assertEquals(1, script.drops(TcpDrop.NO_TIMESTAMP));
        script.receive(data(10, 10).timestamps(1010, ours));
        assertStream(20);
        assertEquals(1010, script.next().tsEcho);
        listener.close();
    }

    @Test
    void resetsAndSynsOutOfPlaceAreChallengedAndNoMoreThanTwiceASecond() {
        Connection c = script.established(log);
        script.receive(Seg.of(Flags.RST).seq(IRS + 50));
        assertEquals(Flags.ACK, script.next().flags);
        for (int i = 0; i < 100; i++) {
            script.receive(Seg.of(Flags.RST).seq(IRS + 100 + i));
            script.receive(Seg.of(Flags.SYN).seq(IRS + 100 + i));
        }
        assertTrue(script.sent.isEmpty());
        assertEquals(TcpState.ESTABLISHED, c.state);
        assertEquals(101, script.drops(TcpDrop.BLIND_RESET));
        script.pass(SECOND);
        script.receive(Seg.of(Flags.RST).seq(IRS + 50));
        assertEquals(1, script.sent.size());
        script.receive(Seg.of(Flags.RST).seq(IRS + 1 + 70_000_000));
        assertEquals(TcpState.ESTABLISHED, c.state);
        script.receive(Seg.of(Flags.RST).seq(IRS + 1));
        assertEquals(List.of("closed RESET"), log.heard);
    }

    @Test
    void acknowledgementsOutOfRangeInjectNothing() {
        Connection c = script.established(log);
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1 + 100).data(10));
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS - 70_000).data(10));
        assertEquals(2, script.drops(TcpDrop.ACK_RANGE));
        assertEquals(1, script.sent.size());
        assertEquals(0, log.received.size());
        Seg bare = Seg.of(0).seq(IRS + 1).data(10);
        script.receive(bare);
        assertEquals(1, script.drops(TcpDrop.NO_ACK));
        assertEquals(TcpState.ESTABLISHED, c.state);
    }

    @Test
    void malformedSegmentsAreDroppedByReason() {
        script.established(log);
        byte[] good = data(0, 20).bytes();
        script.deliver(new byte[0]);
        script.deliver(java.util.Arrays.copyOf(good, 19));
        byte[] longHeader = good.clone();
        longHeader[12] = (byte) 0xf0;
        script.deliver(longHeader);
        byte[] shortHeader = good.clone();
        shortHeader[12] = 0x40;
        script.deliver(shortHeader);
        script.deliver(data(0, 0).brokenOption());
        assertEquals(5, script.drops(TcpDrop.MALFORMED));
        script.settle();
        assertFalse(script.sent.stream().anyMatch(s -> s.has(Flags.RST)));
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }
}
