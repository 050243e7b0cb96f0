package io.uk4j.net.pcap;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.uk4j.core.BufferPool;
import io.uk4j.core.DeviceContext;
import io.uk4j.core.config.Config;
import io.uk4j.core.config.ConfigException;
import io.uk4j.core.config.Configs;
import io.uk4j.core.metrics.MetricRegistry;
import io.uk4j.core.net.FrameBatch;
import io.uk4j.core.net.NetDevice;
import io.uk4j.core.net.NetDeviceLayer;
import io.uk4j.platform.sim.SimPlatform;
import io.uk4j.platform.sim.Simulation;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class PcapLayerTest {
    private final StubDevice stub = new StubDevice(Unpooled.EMPTY_BUFFER);

    @TempDir
    private Path folder;

    private static Config config(String... settings) {
        return Configs.builder()
                .discoverKeys(PcapLayerTest.class.getClassLoader())
                .commandLine(List.of(settings))
                .build();
    }

    private NetDevice around(Config config) {
        BufferPool unused = (BufferPool) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {BufferPool.class}, (_, method, _) -> {
                    throw new UnsupportedOperationException(method.toString());
                });
        SimPlatform platform = new SimPlatform(new Simulation(1), "host");
        return new PcapLayer().around(new DeviceContext(platform, config, new MetricRegistry(), unused), stub);
    }

    @Test
    void isFoundByWhoeverOpensADevice() {
        assertTrue(
                ServiceLoader.load(NetDeviceLayer.class).stream().anyMatch(layer -> layer.type() == PcapLayer.class));
    }

    @Test
    void leavesTheDeviceAloneUnlessAFileIsNamed() {
        assertSame(stub, around(config()));
        assertSame(stub, around(config("uk.pcap.bytes=1M")));
        assertSame(stub, around(Configs.builder().build()), "nor where the keys are not known");
    }

    @Test
    void capturesAsConfigured() throws IOException {
        Path file = folder.resolve("a.pcap");
        NetDevice device = around(config("uk.pcap.file=" + file, "uk.pcap.bytes=4K", "uk.pcap.snaplen=100"));
        FrameBatch batch = new FrameBatch();
        for (int i = 0; i < 32; i++) {
            batch.append(Unpooled.directBuffer(500).writeZero(500), 0, 500);
            batch.endFrame();
        }
        assertEquals(32, device.offer(batch));
        device.offer(batch);
        device.close();

        PcapFile capture = PcapFile.parse(Files.readAllBytes(file));
        assertEquals(100, capture.snaplenBytes());
        assertEquals(32, capture.records().size());
        assertEquals(500, capture.records().getFirst().wholeBytes());
    }

    @Test
    void refusesAFileThatCannotBeMade() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "").resolve("a.pcap");
        String message = refusal(file);
        assertTrue(
                message.startsWith("uk.pcap.file=" + file + " (command line) cannot be written: ")
                        && message.contains("\nTry: uk.pcap.file=/tmp/net.pcap"),
                message);
    }

    /** A file on a disk that is full from the start. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void refusesAFileThatCannotBeWritten() {
        String message = refusal(Path.of("/dev/full"));
        assertTrue(message.contains("cannot be written: No space left on device."), message);
    }

    private String refusal(Path file) {
        Config config = config("uk.pcap.file=" + file);
        return assertThrows(ConfigException.class, () -> around(config)).getMessage();
    }

    @Test
    void refusesAnEmptyName() {
        String message = assertThrows(ConfigException.class, () -> config("uk.pcap.file="))
                .getMessage();
        assertTrue(message.contains("uk.pcap.file"), message);
    }
}
