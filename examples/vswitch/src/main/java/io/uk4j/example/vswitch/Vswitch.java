package io.uk4j.example.vswitch;

import io.uk4j.core.Appliance;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDevices;
import io.uk4j.mm.PacketPool;
import io.uk4j.sched.Loop;
import java.util.ArrayList;
import java.util.List;

/**
 * A learning switch between network devices, {@code uk.vswitch.ports}: sockets to which other appliances or guests of QEMU
 * connect by vhost-user, and TAP interfaces (with {@code uk.tap.offload=false}, for not every port can cut segments).
 */
public final class Vswitch {
    private Vswitch() {}

    /**
     * Starts it.
     *
     * @param args see {@link Appliance#main}
     */
    public static void main(String[] args) {
        Appliance.main(args, Vswitch::start);
    }

    private static void start(Appliance appliance) throws InterruptedException {
        Loop loop = Loop.start(appliance);
        List<String> specs = appliance.config().get(VswitchKeys.PORTS);
        PacketPool pool = appliance.own(PacketPool.builder(appliance.platform().pages())
                .configure(appliance.config())
                .counters(appliance.counters())
                .owner(loop)
                .build());
        LearningSwitch vswitch = loop.call(() -> open(appliance, loop, pool, specs));
        appliance.own(() -> loop.call(() -> {
            loop.remove(vswitch);
            vswitch.close();
            return true;
        }));
        appliance.describeWith("vswitch", vswitch::describe);
        appliance.platform().console().write("Ready: " + String.join(" ", specs) + "\n");
    }

    private static LearningSwitch open(Appliance appliance, Loop loop, PacketPool pool, List<String> specs) {
        DeviceContext context = new DeviceContext(appliance.platform(), appliance.config(), appliance.counters(), pool);
        List<NetDevice> ports = new ArrayList<>();
        try {
            specs.forEach(spec -> ports.add(NetDevices.open(context, spec)));
            LearningSwitch vswitch = new LearningSwitch(ports, loop.waiter(), appliance.counters());
            loop.add(vswitch);
            return vswitch;
        } catch (RuntimeException | Error e) {
            ports.forEach(NetDevice::close);
            throw e;
        }
    }
}
