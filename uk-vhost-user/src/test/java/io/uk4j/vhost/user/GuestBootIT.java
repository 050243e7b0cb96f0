package io.uk4j.vhost.user;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.uk4j.testkit.Requirements;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A guest of QEMU boots from a disk that is served here, and writes to it: another driver, and another front end. */
class GuestBootIT {
    private static final int SECTORS = 2048;

    @TempDir
    private Path folder;

    /**
     * A boot sector: writes itself to sector 7 by the BIOS (INT 13h, AH=43h), says how that went on the serial port, and stops.
     */
    private static byte[] bootSector() {
        byte[] sector = new byte[512];
        int[] code = {
            0x31,
            0xC0, // xor ax, ax
            0x8E,
            0xD8, // mov ds, ax
            0xBE,
            0x40,
            0x7C, // mov si, 0x7c40: the disk address packet
            0xB4,
            0x43, // mov ah, 0x43: extended write
            0xB0,
            0x00, // mov al, 0: without verifying
            0xCD,
            0x13, // int 0x13, with the drive in dl as the BIOS gave it
            0xB0,
            'W', // mov al, 'W'
            0x73,
            0x02, // jnc +2
            0xB0,
            'E', // mov al, 'E'
            0xBA,
            0xF8,
            0x03, // mov dx, 0x3f8: the serial port
            0xEE, // out dx, al
            0xB0,
            '\n', // mov al, '\n'
            0xEE, // out dx, al
            0xFA, // cli
            0xF4, // hlt
            0xEB,
            0xFD // jmp to the hlt
        };
        for (int i = 0; i < code.length; i++) {
            sector[i] = (byte) code[i];
        }
        // 16 bytes, 1 sector, from 0000:7c00, to sector 7.
        int[] packet = {0x10, 0, 1, 0, 0x00, 0x7C, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0};
        for (int i = 0; i < packet.length; i++) {
            sector[0x40 + i] = (byte) packet[i];
        }
        sector[510] = 0x55;
        sector[511] = (byte) 0xAA;
        return sector;
    }

    @Test
    void aGuestBootsFromAServedDiskAndWritesToIt() throws IOException, InterruptedException {
        Requirements.commands("qemu-system-x86_64");
        Path image = folder.resolve("boot.img");
        byte[] contents = Arrays.copyOf(bootSector(), SECTORS * 512);
        Files.write(image, contents);
        Path socket = folder.resolve("disk.sock");
        Path serial = folder.resolve("serial");
        try (ServedDisk served = new ServedDisk(image, socket)) {
            Process guest = new ProcessBuilder(
                            "qemu-system-x86_64",
                            "-accel",
                            "tcg",
                            "-m",
                            "64",
                            "-object",
                            "memory-backend-memfd,id=mem,size=64M,share=on",
                            "-numa",
                            "node,memdev=mem",
                            "-chardev",
                            "socket,id=c,path=" + socket,
                            "-device",
                            "vhost-user-blk-pci,chardev=c,num-queues=1",
                            "-serial",
                            "file:" + serial,
                            "-display",
                            "none",
                            "-nic",
                            "none",
                            "-no-reboot",
                            "-chardev",
                            "file,id=d,path=" + folder.resolve("firmware.log"),
                            "-device",
                            "isa-debugcon,iobase=0x402,chardev=d")
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("qemu.log").toFile())
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(guest::destroyForcibly));
            try {
                Awaiting.until(
                        () -> "the guest to say something; QEMU said: " + text(folder.resolve("qemu.log"))
                                + "; its firmware: " + text(folder.resolve("firmware.log")),
                        () -> !guest.isAlive() || text(serial).contains("\n"));
                assertEquals("W\n", text(serial), text(folder.resolve("qemu.log")));
            } finally {
                guest.destroy();
                assertTrue(guest.waitFor(20, TimeUnit.SECONDS));
            }
            assertEquals(0, served.counter("uk_vhost_violations_total"));
        }
        byte[] after = Files.readAllBytes(image);
        assertTrue(Arrays.equals(bootSector(), Arrays.copyOfRange(after, 7 * 512, 8 * 512)));
    }

    private static String text(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file, StandardCharsets.ISO_8859_1) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
