package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static io.uk4j.net.tcpip.tcp.Script.MS;
import static io.uk4j.net.tcpip.tcp.Script.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.uk4j.net.tcpip.TcpState;
import io.uk4j.net.tcpip.ip.IcmpError;
import io.uk4j.testkit.TestPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SendingTest {
    private static final int MSS = 1460;

    private final Script script = new Script();
    private final Script.Log log = new Script.Log();

    private static void write(Connection c, int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (c.snd.endSeq() + i);
        }
        assertEquals(length, c.write(bytes, 0, length));
    }

    private void acknowledge(int upTo) {
        acknowledge(upTo, 0xffff);
    }

    private void acknowledge(int upTo, int window) {
        script.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1 + upTo).window(window));
    }

    private static void assertPattern(Seg s) {
        for (int i = 0; i < s.data.length; i++) {
            assertEquals((byte) (s.seq + i), s.data[i]);
        }
    }

    @Test
    void beginsWithAWindowOfTenSegments() {
        Connection c = script.established(log);
        write(c, 40 * MSS);
        script.settle();
        assertEquals(10, script.sent.size());
        script.sent.forEach(SendingTest::assertPattern);
        script.sent.clear();
        acknowledge(2 * MSS);
        assertEquals(4, script.sent.size(), "slow start: what was acknowledged, and as much again");
    }

    @Test
    void aSegmentForTheDeviceToCutIsAMultipleOfFullOnes() {
        script.maxSegmentationBytes = 65_535;
        Connection c = script.established(log);
        write(c, 40 * MSS);
        script.settle();
        Seg large = script.next();
        assertEquals(10 * MSS, large.data.length);
        assertEquals(MSS, large.gsoSize);
        assertPattern(large);
        assertTrue(script.sent.isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void aSegmentForTheDeviceToCutHasNoMoreFragmentsThanTheDeviceTakes(int fragments) {
        script.maxSegmentationBytes = 65_535;
        script.maxSegmentationFragments = fragments;
        Connection c = script.established(log);
        write(c, 40 * MSS);
        script.settle();
        int bytes = 0;
        while (!script.sent.isEmpty()) {
            Seg s = script.next();
            assertTrue(s.gsoSize == 0 || s.fragments <= fragments, s.fragments + " fragments");
            assertPattern(s);
            bytes += s.data.length;
        }
        assertEquals(10 * MSS, bytes);
    }

    @Test
    void nagleHoldsASecondShortSegment() {
        Connection c = script.established(log);
        write(c, 10);
        script.settle();
        assertEquals(10, script.next().data.length);
        write(c, 10);
        script.settle();
        write(c, 10);
        script.settle();
        assertTrue(script.sent.isEmpty());
        acknowledge(10);
        assertEquals(20, script.next().data.length);
        c.noDelay(true);
        write(c, 5);
        script.settle();
        assertEquals(5, script.next().data.length);
    }

    @Test
    void theEndIsNotHeldByNagle() {
        Connection c = script.established(log);
        write(c, 10);
        script.settle();
        write(c, 10);
        c.shutdownOutput();
        script.settle();
        script.next();
        Seg last = script.next();
        assertEquals(10, last.data.length);
        assertTrue(last.has(Flags.FIN));
    }

    @Test
    void threeDuplicatesSendTheFirstSegmentAgain() {
        Connection c = script.established(log);
        write(c, 40 * MSS);
        script.settle();
        acknowledge(MSS);
        script.sent.clear();
        acknowledge(MSS);
        acknowledge(MSS);
        assertEquals(2, script.sent.size(), "limited transmit: a new segment for each of the first two");
        script.sent.clear();
        acknowledge(MSS);
        Seg again = script.next();
        assertEquals(ISS + 1 + MSS, again.seq);
        assertEquals(MSS, again.data.length);
        assertPattern(again);
        assertEquals(1, c.info().fastRecoveries());
        int recover = c.snd.nxt;
        script.sent.clear();
        acknowledge(3 * MSS);
        assertEquals(ISS + 1 + 3 * MSS, script.next().seq, "a partial acknowledgement shows the next hole");
        script.receive(Seg.of(0).seq(IRS + 1).ack(recover));
        assertFalse(c.recovery.isRecovering());
        assertTrue(c.congestion.windowBytes() <= 7 * MSS);
    }

    @Test
    void theTimeoutDoublesAndSendsFromTheFirstOn() {
        Connection c = script.established(log);
        write(c, 3 * MSS);
        script.settle();
        script.sent.clear();
        script.pass(250 * MS);
        assertEquals(1, script.sent.size(), "one segment, as the window has shrunk to it");
        assertEquals(ISS + 1, script.next().seq);
        script.pass(300 * MS);
        assertEquals(0, script.sent.size());
        script.pass(150 * MS);
        assertEquals(1, script.sent.size());
        script.sent.clear();
        acknowledge(MSS);
        assertEquals(ISS + 1 + MSS, script.next().seq);
        acknowledge(3 * MSS);
        assertEquals(4, c.info().retransmissions());
    }

    @Test
    void aPeerThatVanishesIsGivenUp() {
        Connection c = script.established(log);
        write(c, 100);
        script.pass(1200 * SECOND);
        assertEquals(TcpState.CLOSED, c.state);
        assertEquals(List.of("closed TIMED_OUT"), log.heard);
        assertEquals(16, script.sent.size(), "once, and fifteen times more");
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @Test
    void theUserTimeoutEndsTheWait() {
        Script impatient = new Script("uk.tcp.usertimeout=5s");
        Connection c = impatient.established(log);
        write(c, 100);
        long head = ((long) Script.PORT << 48) | ((long) Script.PEER_PORT << 32) | (ISS + 1);
        impatient.settle();
        impatient.tcp.error(IcmpError.UNREACHABLE, Script.LOCAL, Script.PEER, head, 0);
        impatient.pass(14 * SECOND);
        assertEquals(List.of("closed UNREACHABLE"), log.heard);
    }

    @Test
    void probesAClosedWindowForAsLongAsThePeerAnswers() {
        Connection c = script.established(log);
        acknowledge(0, 0);
        write(c, 100);
        script.settle();
        assertTrue(script.sent.isEmpty());
        int probes = 0;
        for (int i = 0; i < 40; i++) {
            script.pass(121 * SECOND);
            assertFalse(script.sent.isEmpty());
            for (Seg probe : script.sent) {
                assertEquals(1, probe.data.length);
                assertEquals(ISS + 1, probe.seq);
                probes++;
            }
            script.sent.clear();
            acknowledge(0, 0);
        }
        assertEquals(TcpState.ESTABLISHED, c.state);
        assertTrue(probes >= 40);
        acknowledge(0, 1000);
        Seg data = script.next();
        assertEquals(100, data.data.length);
        assertPattern(data);
    }

    @Test
    void aLostWindowUpdateIsFoundByAProbe() {
        Connection c = script.established(log);
        acknowledge(0, 0);
        write(c, 100);
        script.pass(SECOND);
        assertEquals(1, script.next().data.length);
        script.sent.clear();
        acknowledge(1, 5000);
        Seg data = script.next();
        assertEquals(99, data.data.length);
        assertPattern(data);
        acknowledge(100);
        assertEquals(0, c.snd.queue.bytes.bytes());
    }

    @Test
    void givesUpProbesThatNobodyAnswers() {
        Connection c = script.established(log);
        acknowledge(0, 0);
        write(c, 100);
        script.pass(3600 * SECOND);
        assertEquals(TcpState.CLOSED, c.state);
        assertEquals(List.of("closed TIMED_OUT"), log.heard);
    }

    @Test
    void doesNotSendSillySegments() {
        Connection c = script.established(log, 10 * MSS);
        write(c, 10 * MSS);
        script.settle();
        script.sent.clear();
        write(c, 10 * MSS);
        acknowledge(10 * MSS, 100);
        assertTrue(script.sent.isEmpty(), "100 bytes of window are not worth a segment");
        script.pass(SECOND);
        assertEquals(100, script.next().data.length, "but if nothing better comes, they are used");
        script.sent.clear();
        acknowledge(10 * MSS + 100, 5 * MSS);
        assertEquals(MSS, script.next().data.length);
    }

    @Test
    void aFinNeedsWindowTooAndIsProbedFor() {
        Connection c = script.established(log);
        acknowledge(0, 0);
        c.shutdownOutput();
        script.settle();
        assertTrue(script.sent.isEmpty());
        script.pass(SECOND);
        assertTrue(script.next().has(Flags.FIN));
        acknowledge(1, 0);
        assertEquals(TcpState.FIN_WAIT_2, c.state);
    }

    @Test
    void keepsAPeerAliveAndNoticesThatItIsGone() {
        Script watching = new Script("uk.tcp.keepalive=10s", "uk.tcp.keepaliveinterval=1s", "uk.tcp.keepaliveprobes=3");
        Connection c = watching.established(log);
        watching.pass(10_500 * MS);
        Seg probe = watching.next();
        assertEquals(ISS, probe.seq);
        assertEquals(0, probe.data.length);
        watching.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1));
        watching.pass(9 * SECOND);
        assertTrue(watching.sent.isEmpty());
        watching.pass(10 * SECOND);
        assertEquals(3, watching.sent.size());
        assertEquals(TcpState.CLOSED, c.state);
        assertEquals(List.of("closed TIMED_OUT"), log.heard);
        c.keepAlive(Duration.ZERO);
    }

    @Test
    void aSmallerPathMtuLowersTheSegmentSize() {
        Connection c = script.established(log);
        write(c, 5 * MSS);
        script.settle();
        script.sent.clear();
        long head = ((long) Script.PORT << 48) | ((long) Script.PEER_PORT << 32) | (ISS + 1);
        script.tcp.error(IcmpError.TOO_BIG, Script.LOCAL, Script.PEER, head, 1000);
        script.settle();
        assertEquals(960, c.info().maxSegmentBytes());
        assertEquals(960, script.next().data.length);
        script.tcp.error(IcmpError.TOO_BIG, Script.LOCAL, Script.PEER, head, 68);
        assertEquals(512, c.info().maxSegmentBytes(), "nobody is made to send tiny segments");
    }

    @Test
    void sendsBuffersWithoutCopyingThem() {
        Connection c = script.established(log);
        ByteBuf buffer = script.pool.tryAcquire(2000);
        assertNotNull(buffer);
        int at = buffer.readerIndex();
        for (int i = 0; i < 2000; i++) {
            buffer.setByte(at + i, ISS + 1 + i);
        }
        assertTrue(c.send(buffer, at, 2000));
        assertEquals(1, buffer.refCnt());
        script.settle();
        assertEquals(MSS, script.sent.peek().data.length);
        script.sent.forEach(SendingTest::assertPattern);
        acknowledge(2000);
        assertEquals(0, buffer.refCnt());
    }

    @Test
    void boundsTheSendQueueAndTellsWhenThereIsSpace() {
        Script small = new Script("uk.tcp.sendbuffer=8K");
        Connection c = small.established(log);
        byte[] bytes = new byte[20_000];
        assertEquals(8192, c.write(bytes, 0, bytes.length));
        ByteBuf buffer = small.pool.tryAcquire(100);
        assertNotNull(buffer);
        assertFalse(c.send(buffer, buffer.readerIndex(), 100));
        buffer.release();
        small.settle();
        assertEquals(List.of(), log.heard);
        small.receive(Seg.of(0).seq(IRS + 1).ack(ISS + 1 + 4096));
        assertEquals(List.of("writable"), log.heard);
        assertEquals(4096, c.sendSpace());
    }

    @Test
    void manyTinyWritesKeepFewSlots() {
        Connection c = script.established(log, 0);
        for (int i = 0; i < 20_000; i++) {
            write(c, 1);
        }
        assertTrue(c.info().memoryBytes() <= 20_000 + 2 * 2176, c.info().toString());
        for (int i = 0; i < 200; i++) {
            ByteBuf one = script.pool.tryAcquire(1);
            assertNotNull(one);
            assertTrue(c.send(one, one.readerIndex(), 1));
        }
        assertTrue(c.info().memoryBytes() <= 20_200 + 3 * 2176, c.info().toString());
    }

    @Test
    void anEmptyPoolPostponesAndLosesNothing() {
        TestPool pool = new TestPool(40, 2048);
        Script poor = new Script(pool, ISS);
        Connection c = poor.established(log);
        write(c, 10_000);
        List<ByteBuf> others = new ArrayList<>();
        for (ByteBuf b = pool.tryAcquire(1); b != null; b = pool.tryAcquire(1)) {
            others.add(b);
        }
        assertEquals(0, c.write(new byte[3000], 0, 3000) / 2048, "no further slot");
        poor.settle();
        assertTrue(poor.sent.isEmpty(), "not a header can be built");
        assertTrue(poor.tcp.counters.noBuffer.value() > 0);
        others.forEach(ByteBuf::release);
        poor.pass(10 * MS);
        assertEquals(List.of("writable"), log.heard);
        assertEquals(
                c.snd.inFlight(),
                poor.sent.stream().mapToInt(s -> s.data.length).sum());
        assertTrue(c.snd.inFlight() >= 10_000 - MSS);
    }

    @Test
    void sendsNoMoreThanTheDeviceTakes() {
        Connection c = script.established(log);
        script.space = 0;
        write(c, 3 * MSS);
        script.settle();
        assertTrue(script.sent.isEmpty());
        script.space = 2;
        script.settle();
        assertEquals(2, script.sent.size());
        script.space = 100;
        script.settle();
        assertEquals(3, script.sent.size());
        script.sent.forEach(SendingTest::assertPattern);
    }
}
