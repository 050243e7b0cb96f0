package io.uk4j.example.keyvalue;

import io.netty.buffer.ByteBuf;
import io.uk4j.blk.Disk;
import io.uk4j.core.Appliance;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.block.BlockDevices;
import io.uk4j.net.tcpip.NetStack;
import io.uk4j.net.tcpip.TcpStream;
import io.uk4j.net.tcpip.TcpStreams;
import io.uk4j.sched.Loop;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key-value store on port 7000: {@code PUT KEY VALUE}, {@code GET KEY}, {@code DELETE KEY}, {@code COUNT}, {@code QUIT}, a line each. What it has
 * answered {@code OK} to is on the disk {@code uk.block.device}, and is there again after a power cut.
 */
public final class KeyValue {
    private static final int PORT = 7000;
    private static final Duration WRITE_LIMIT = Duration.ofSeconds(30);
    private static final Logger LOG = LoggerFactory.getLogger(KeyValue.class);

    private KeyValue() {}

    /**
     * Starts it.
     *
     * @param args see {@link Appliance#main}
     */
    public static void main(String[] args) {
        Appliance.main(args, KeyValue::start);
    }

    private static void start(Appliance appliance) throws InterruptedException {
        Loop loop = Loop.start(appliance);
        NetStack net = NetStack.open(appliance, loop);
        Disk disk = openDisk(appliance, loop, net);
        ByteBuf buffer =
                loop.call(() -> Objects.requireNonNull(net.pool().tryAcquire(Journal.RECORD_LIMIT), "a buffer"));
        Store store = new Store(disk, buffer);
        appliance.counters().gauge("key_value_keys", "Keys that there are", store::size);
        Commands commands = new Commands(store);
        new TcpStreams(loop, net.tcp()).serve(PORT, stream -> serve(stream, commands));
        appliance
                .platform()
                .console()
                .write("Ready: " + store.size() + " keys at "
                        + (appliance.arguments().isEmpty()
                                ? net.address().address() + ":" + PORT
                                : String.join(" ", appliance.arguments()))
                        + "\n");
    }

    private static Disk openDisk(Appliance appliance, Loop loop, NetStack net) throws InterruptedException {
        DeviceContext context =
                new DeviceContext(appliance.platform(), appliance.config(), appliance.counters(), net.pool());
        String spec = appliance.config().get(BlockDevices.DEVICE);
        return loop.call(() -> appliance.own(Disk.on(loop, BlockDevices.open(context, spec))));
    }

    private static void serve(TcpStream stream, Commands commands) {
        stream.writeTimeout(WRITE_LIMIT);
        try {
            new Session(stream.input(), stream.output(), commands).serve();
        } catch (IOException e) {
            // Clients go away at any time: no reason to tell anybody.
            LOG.debug("The connection to {} broke", stream.remote(), e);
        }
    }
}
