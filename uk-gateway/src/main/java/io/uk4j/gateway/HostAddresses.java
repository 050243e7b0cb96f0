package io.uk4j.gateway;

import io.uk4j.net.tcpip.Endpoint;
import io.uk4j.net.tcpip.Ipv4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/** What the guest's addresses mean to the host: its own loopback address is behind that of the gateway. */
record HostAddresses(Ipv4Address gateway) {
    InetSocketAddress socketAddress(Endpoint wanted) {
        return switch (wanted.address()) {
            case Ipv4Address address -> socketAddress(address.bits(), wanted.port());
        };
    }

    InetSocketAddress socketAddress(int address, int port) {
        return new InetSocketAddress(
                address == gateway.bits() ? InetAddress.ofLiteral("127.0.0.1") : inetAddress(address), port);
    }

    static InetAddress inetAddress(int bits) {
        try {
            return InetAddress.getByAddress(
                    new byte[] {(byte) (bits >>> 24), (byte) (bits >>> 16), (byte) (bits >>> 8), (byte) bits});
        } catch (UnknownHostException e) {
            throw new IllegalStateException("Four octets are an address.", e);
        }
    }
}
