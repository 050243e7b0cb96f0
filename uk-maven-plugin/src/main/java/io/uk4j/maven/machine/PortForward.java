package io.uk4j.maven.machine;

import io.uk4j.maven.problem.Problem;
import io.uk4j.maven.problem.ProblemCode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A port of this machine that leads to one of the appliance's.
 *
 * <p>Thread rule: immutable.
 *
 * @param host of this machine, on 127.0.0.1
 * @param guest of the appliance
 * @param udp whether UDP, else TCP
 */
public record PortForward(int host, int guest, boolean udp) {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,5}):([0-9]{1,5})(/tcp|/udp)?");
    private static final int LAST = 65_535;

    /**
     * Reads a list.
     *
     * @param text such as {@code 8080:80,9090:90/udp}; may be empty
     * @throws Problem if it is none
     */
    public static List<PortForward> parse(String text) {
        List<PortForward> forwards = new ArrayList<>();
        for (String word : text.isBlank() ? new String[0] : text.split(",", -1)) {
            Matcher form = FORM.matcher(word.strip());
            if (!form.matches() || !port(form.group(1)) || !port(form.group(2))) {
                throw new Problem(
                        ProblemCode.UK103,
                        "uk.run.ports=" + text + ": " + word.strip() + " is no forward.",
                        "Allowed: HOST:GUEST, with /udp behind it for UDP, from 1 to 65535, separated by commas.",
                        "-Duk.run.ports=8080:80,9090:90/udp");
            }
            PortForward forward = new PortForward(
                    Integer.parseInt(form.group(1)), Integer.parseInt(form.group(2)), "/udp".equals(form.group(3)));
            if (forwards.stream().anyMatch(other -> other.host == forward.host && other.udp == forward.udp)) {
                throw new Problem(
                        ProblemCode.UK103,
                        "uk.run.ports=" + text + ": port " + forward.host + " of this machine stands there twice.",
                        "Allowed: each port of this machine once; two of them may lead to one of the appliance's.",
                        "-Duk.run.ports=8080:80,8081:81");
            }
            forwards.add(forward);
        }
        return List.copyOf(forwards);
    }

    /**
     * Makes sure that nobody has the port yet.
     *
     * @throws Problem if somebody has
     */
    public void checkFree() {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), host);
        try {
            if (udp) {
                new DatagramSocket(address).close();
            } else {
                try (ServerSocket socket = new ServerSocket()) {
                    socket.setReuseAddress(true);
                    socket.bind(address);
                }
            }
        } catch (IOException e) {
            throw new Problem(
                    ProblemCode.UK202,
                    "Port " + host + (udp ? "/udp" : "") + " of this machine is in use (uk.run.ports).",
                    "Allowed: a port that nobody listens on.",
                    "-Duk.run.ports=" + (host + 1 > LAST ? host - 1 : host + 1) + ':' + guest + (udp ? "/udp" : ""));
        }
    }

    /** As QEMU's user network takes it. */
    String option() {
        return "hostfwd=" + (udp ? "udp" : "tcp") + ":127.0.0.1:" + host + "-:" + guest;
    }

    private static boolean port(String text) {
        int number = Integer.parseInt(text);
        return number >= 1 && number <= LAST;
    }
}
