package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static io.uk4j.net.tcpip.tcp.Script.SECOND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.net.tcpip.TcpState;
import io.uk4j.testkit.TestPool;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CloseTest {
    private final Script script = new Script();
    private final Script.Log log = new Script.Log();

    private Seg fromPeer(int flags) {
        return Seg.of(flags).seq(IRS + 1).ack(ISS + 1);
    }

    @Test
    void halfClosesAndStillReceives() {
        Connection c = script.established(log);
        c.shutdownOutput();
        script.settle();
        assertEquals(Flags.FIN | Flags.ACK, script.next().flags);
        assertEquals(TcpState.FIN_WAIT_1, c.state);
        script.receive(fromPeer(0).ack(ISS + 2));
        assertEquals(TcpState.FIN_WAIT_2, c.state);
        script.receive(fromPeer(0).ack(ISS + 2).data(100));
        assertEquals(100, log.received.size());
        script.receive(Seg.of(Flags.FIN).seq(IRS + 101).ack(ISS + 2));
        assertEquals(TcpState.TIME_WAIT, c.state);
        assertEquals(List.of("peer closed", "closed NORMAL"), log.heard);
        Seg last = script.sent.peekLast();
        assertEquals(IRS + 102, last.ack);
    }

    @Test
    void sendsAfterThePeerHasClosed() {
        Connection c = script.established(log);
        script.receive(fromPeer(Flags.FIN));
        assertEquals(TcpState.CLOSE_WAIT, c.state);
        assertEquals(List.of("peer closed"), log.heard);
        script.sent.clear();
        c.write(new byte[10], 0, 10);
        c.close();
        script.settle();
        Seg rest = script.next();
        assertEquals(10, rest.data.length);
        assertTrue(rest.has(Flags.FIN));
        assertEquals(TcpState.LAST_ACK, c.state);
        script.receive(Seg.of(0).seq(IRS + 2).ack(ISS + 12));
        assertEquals(TcpState.CLOSED, c.state);
        assertEquals(List.of("peer closed", "closed NORMAL"), log.heard);
        assertNull(script.flow());
    }

    @Test
    void closesSimultaneously() {
        Connection c = script.established(log);
        c.shutdownOutput();
        script.settle();
        script.sent.clear();
        script.receive(fromPeer(Flags.FIN));
        assertEquals(TcpState.CLOSING, c.state);
        assertEquals(IRS + 2, script.next().ack);
        script.receive(Seg.of(0).seq(IRS + 2).ack(ISS + 2));
        assertEquals(TcpState.TIME_WAIT, c.state);
    }

    @Test
    void readsToTheEndThoughTheConnectionIsGone() {
        log.reads = false;
        Connection c = script.established(log);
        c.shutdownOutput();
        script.settle();
        script.receive(fromPeer(Flags.FIN).ack(ISS + 2).data(50));
        assertEquals(TcpState.TIME_WAIT, c.state);
        assertEquals(List.of(), log.heard);
        assertEquals(50, c.readableBytes());
        log.read(c);
        script.settle();
        assertEquals(50, log.received.size());
        assertEquals(List.of("peer closed", "closed NORMAL"), log.heard);
    }

    @Test
    void closingWithUnreadDataResets() {
        log.reads = false;
        Connection c = script.established(log);
        script.receive(fromPeer(0).data(50));
        script.sent.clear();
        c.close();
        script.settle();
        assertEquals(Flags.RST | Flags.ACK, script.next().flags);
        assertEquals(List.of("closed ABORTED"), log.heard);
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @Test
    void dataAfterCloseIsAnsweredByAReset() {
        Connection c = script.established(log);
        c.close();
        script.settle();
        script.receive(fromPeer(0).ack(ISS + 2));
        assertEquals(TcpState.FIN_WAIT_2, c.state);
        script.sent.clear();
        script.receive(fromPeer(0).ack(ISS + 2).data(10));
        assertTrue(script.next().has(Flags.RST));
        assertEquals(1, script.drops(TcpDrop.AFTER_CLOSE));
        assertNull(script.flow());
    }

    @Test
    void doesNotWaitForEverForThePeersEnd() {
        Connection c = script.established(log);
        c.close();
        script.settle();
        script.receive(fromPeer(0).ack(ISS + 2));
        script.pass(61 * SECOND);
        assertEquals(TcpState.CLOSED, c.state);
        assertEquals(List.of("closed NORMAL"), log.heard);
    }

    /** RFC 9293, section 3.10.7.4: the second step, in every synchronized state. */
    @ParameterizedTest
    @EnumSource(
            names = {"SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
    void aResetEndsTheConnectionInEachState(TcpState state) {
        int seq = bring(state);
        assertEquals(state, script.connection().state);
        script.receive(Seg.of(Flags.RST).seq(seq));
        assertNull(script.flow());
        assertEquals(
                state == TcpState.SYN_RECEIVED ? 0 : 1,
                log.heard.stream().filter("closed RESET"::equals).count());
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @ParameterizedTest
    @EnumSource(
            names = {"SYN_RECEIVED", "ESTABLISHED", "FIN_WAIT_1", "FIN_WAIT_2", "CLOSE_WAIT", "CLOSING", "LAST_ACK"})
    void aSynIsChallengedInEachState(TcpState state) {
        int seq = bring(state);
        script.sent.clear();
        script.receive(Seg.of(Flags.SYN).seq(seq + 100));
        assertEquals(Flags.ACK, script.next().flags);
        assertEquals(state, script.connection().state);
        assertEquals(1, script.drops(TcpDrop.SYN));
    }

    /** Brings a connection into a state; returns what it expects next. */
    private int bring(TcpState state) {
        if (state == TcpState.SYN_RECEIVED) {
            script.listen(log);
            script.receive(Seg.of(Flags.SYN).seq(IRS));
            return IRS + 1;
        }
        Connection c = script.established(log);
        if (state == TcpState.CLOSE_WAIT || state == TcpState.LAST_ACK) {
            script.receive(fromPeer(Flags.FIN));
        }
        if (state != TcpState.ESTABLISHED && state != TcpState.CLOSE_WAIT) {
            c.shutdownOutput();
            script.settle();
        }
        if (state == TcpState.FIN_WAIT_2) {
            script.receive(fromPeer(0).ack(ISS + 2));
        }
        if (state == TcpState.CLOSING) {
            script.receive(fromPeer(Flags.FIN));
        }
        return c.rcv.nxt;
    }

    private void enterTimeWait() {
        Connection c = script.established(log);
        c.close();
        script.settle();
        script.receive(fromPeer(Flags.FIN).ack(ISS + 2));
        assertInstanceOf(TimeWait.class, script.flow());
        script.sent.clear();
    }

    @Test
    void timeWaitAnswersARepeatedFinAndStartsOver() {
        enterTimeWait();
        script.pass(20 * SECOND);
        script.receive(fromPeer(Flags.FIN).ack(ISS + 2));
        Seg ack = script.next();
        assertEquals(IRS + 2, ack.ack);
        assertEquals(ISS + 2, ack.seq);
        script.pass(20 * SECOND);
        assertInstanceOf(TimeWait.class, script.flow());
        script.pass(11 * SECOND);
        assertNull(script.flow());
    }

    @Test
    void timeWaitIsNotAssassinated() {
        enterTimeWait();
        script.receive(Seg.of(Flags.RST).seq(IRS + 2));
        assertInstanceOf(TimeWait.class, script.flow());
        assertEquals(1, script.drops(TcpDrop.TIME_WAIT_RESET));
    }

    @Test
    void timeWaitGivesWayToALaterSynOnly() {
        enterTimeWait();
        script.listen(log);
        script.receive(Seg.of(Flags.SYN).seq(IRS - 10));
        assertInstanceOf(TimeWait.class, script.flow());
        assertEquals(Flags.ACK, script.next().flags);
        script.receive(Seg.of(Flags.SYN).seq(IRS + 100_000));
        Seg answer = script.next();
        assertEquals(Flags.SYN | Flags.ACK, answer.flags);
        assertTrue(Seq.after(answer.seq, ISS + 2), "the new sequence numbers are beyond the old ones");
        assertInstanceOf(Connection.class, script.flow());
    }

    @Test
    void theOldestInTimeWaitGivesWay() {
        Script small = new Script("uk.tcp.timewaitlimit=2");
        for (int i = 0; i < 3; i++) {
            small.peerPort = Script.PEER_PORT + i;
            Connection c = small.established(new Script.Log());
            c.close();
            small.settle();
            small.receive(Seg.of(Flags.FIN).seq(IRS + 1).ack(ISS + 2));
        }
        assertEquals(2, small.tcp.timeWaits.size());
        assertEquals(1, small.tcp.counters.timeWaitEvicted.value());
        small.peerPort = Script.PEER_PORT;
        assertNull(small.flow());
    }

    @Test
    void abortingResetsAndDropsWhatIsQueued() {
        TestPool pool = script.pool;
        Connection c = script.established(log, 10);
        c.write(new byte[5000], 0, 5000);
        c.abort();
        script.settle();
        assertTrue(script.sent.stream().anyMatch(s -> s.has(Flags.RST)));
        assertEquals(List.of("closed ABORTED"), log.heard);
        assertEquals(0, pool.capacityBytes() - pool.availableBytes());
        assertFalse(c.send(pool.tryAcquire(10), 0, 10) || c.write(new byte[1], 0, 1) > 0);
    }

    @Test
    void aFailingHandlerLosesItsConnectionAndNothingElse() {
        Script.Log failing = new Script.Log() {
            @Override
            public void onReadable(io.uk4j.net.tcpip.TcpConnection connection) {
                throw new IllegalStateException("on purpose");
            }
        };
        script.established(failing);
        script.receive(fromPeer(0).data(10));
        script.settle();
        assertEquals(List.of("closed ABORTED"), failing.heard);
        assertEquals(1, script.tcp.counters.handlerFailures.value());
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @Test
    void closingWhileTheLastBytesAreShownSendsWhatIsQueued() {
        log.reads = false;
        Connection c = script.established(log);
        script.receive(fromPeer(0).data(50));
        script.sent.clear();
        assertEquals(50, c.receive((buffer, offset, length) -> {
            c.write(new byte[10], 0, 10);
            c.close();
            return length;
        }));
        script.settle();
        Seg answer = script.next();
        assertEquals(10, answer.data.length);
        assertTrue(answer.has(Flags.FIN));
        assertEquals(TcpState.FIN_WAIT_1, c.state);
    }

    @Test
    void closingWhileMoreIsUnreadResetsOnceTheConsumerReturns() {
        log.reads = false;
        Connection c = script.established(log);
        script.receive(fromPeer(0).data(1000));
        script.sent.clear();
        assertEquals(500, c.receive((buffer, offset, length) -> {
            c.close();
            return 500;
        }));
        script.settle();
        assertEquals(Flags.RST | Flags.ACK, script.next().flags);
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @Test
    void theStacksEndReleasesWhatNobodyHasReadOfAnEndedConnection() {
        log.reads = false;
        Connection c = script.established(log);
        c.shutdownOutput();
        script.settle();
        script.receive(fromPeer(Flags.FIN).ack(ISS + 2).data(50));
        assertEquals(TcpState.TIME_WAIT, c.state);
        script.tcp.close();
        assertEquals(List.of("closed NORMAL"), log.heard);
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }

    @Test
    void aHandlerMayEndTheStack() {
        Script.Log ending = new Script.Log() {
            @Override
            public void onReadable(io.uk4j.net.tcpip.TcpConnection connection) {
                script.tcp.close();
            }
        };
        script.established(ending);
        script.peerPort++;
        script.established(log);
        script.peerPort--;
        script.deliver(fromPeer(0).data(10));
        script.peerPort++;
        script.deliver(fromPeer(0).data(10));
        script.tcp.output(script.simulation.nowNs());
        assertEquals(List.of("closed ABORTED"), ending.heard);
        assertEquals(List.of("closed ABORTED"), log.heard);
        assertEquals(0, script.pool.capacityBytes() - script.pool.availableBytes());
    }
}
