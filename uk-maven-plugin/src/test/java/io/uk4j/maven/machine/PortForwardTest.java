package io.uk4j.maven.machine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortForwardTest {
    @Test
    void readsAList() {
        assertEquals(
                List.of(
                        new PortForward(8080, 80, false),
                        new PortForward(9090, 90, true),
                        new PortForward(1, 65535, false)),
                PortForward.parse("8080:80, 9090:90/udp,1:65535/tcp"));
        assertEquals(List.of(), PortForward.parse(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "80",
                "8080:80/sctp",
                "0:80",
                "8080:65536",
                "a:b",
                "8080:80,",
                "8080:80;9090:90",
                "8080:80,8080:81",
                "-1:80",
                "123456:1"
            })
    void namesWhatIsNone(String text) {
        Problem problem = assertThrows(Problem.class, () -> PortForward.parse(text));
        assertEquals(ProblemCode.UK103, problem.code());
        assertEquals(3, problem.lines().size());
    }

    @Test
    void namesAPortThatIsInUse() throws Exception {
        try (ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            PortForward forward = new PortForward(other.getLocalPort(), 80, false);
            Problem problem = assertThrows(Problem.class, forward::checkFree);
            assertEquals(ProblemCode.UK202, problem.code());
            assertTrue(
                    problem.lines().get(0).startsWith("Port " + other.getLocalPort() + " of this machine is in use"));
        }
    }
}
