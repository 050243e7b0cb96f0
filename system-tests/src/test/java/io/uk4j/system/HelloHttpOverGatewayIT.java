package io.uk4j.system;

/** hello-http behind the gateway: the client is this machine. */
class HelloHttpOverGatewayIT extends HelloHttpSuite {
    private static final long MIB = 1L << 20;
    private static final boolean LONG = Boolean.getBoolean("uk.test.long");

    @Override
    Bed start() {
        return GatewayBed.start("hello-http");
    }

    @Override
    long downloadBytes() {
        return (LONG ? 1024 : 100) * MIB;
    }

    @Override
    long uploadBytes() {
        return (LONG ? 1024 : 100) * MIB;
    }
}
