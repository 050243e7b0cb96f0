package io.uk4j.net.tcpip.tcp;

import static io.uk4j.net.tcpip.tcp.Script.IRS;
import static io.uk4j.net.tcpip.tcp.Script.ISS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class MemoryTest {
    @Test
    void remembersNoConnectionThatHasEnded() {
        Script script = new Script();
        Script.Log log = new Script.Log();
        Connection c = script.established(log);
        script.receive(Seg.of(0).seq(IRS + 101).ack(ISS + 1).data(100));
        assertEquals(1, script.tcp.memory.holders());
        c.abort();
        script.settle();
        assertEquals(0, script.tcp.memory.holders());
    }
}
