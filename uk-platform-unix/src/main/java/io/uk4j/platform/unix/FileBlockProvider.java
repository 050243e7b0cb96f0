package io.uk4j.platform.unix;

import io.uk4j.core.DeviceContext;
import io.uk4j.core.DeviceException;
import io.uk4j.core.block.BlockDevice;
import io.uk4j.core.block.BlockDeviceInfo;
import io.uk4j.core.block.BlockDeviceProvider;
import io.uk4j.core.config.ConfigException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Files as disks: {@code file:PATH}, or {@code file:PATH?ro} to read only. Pure JDK, so it works in portable mode and on
 * any platform.
 *
 * <p>The file must exist and be a whole number of sectors of 512 bytes; it is never made nor resized, because a mistyped
 * path should not become an empty disk. It is locked for as long as it is open: by one device that writes, or by any
 * number that only read. The lock is the host's advisory one.
 */
public final class FileBlockProvider implements BlockDeviceProvider {
    private static final int SECTOR_BYTES = 512;
    private static final int FRAGMENT_LIMIT = 256;
    private static final int QUEUE_DEPTH = 128;
    private static final String READ_ONLY = "ro";

    /** Creates the provider; called by {@link java.util.ServiceLoader}. */
    public FileBlockProvider() {}

    @Override
    public String scheme() {
        return "file";
    }

    @Override
    public String usage() {
        return "file:PATH or file:PATH?ro";
    }

    /**
     * Opens a file. What follows a question mark is an option, so a path cannot contain one.
     *
     * @throws DeviceException if the file is missing, not a regular file, not permitted, in use, or not a whole number of
     *     sectors
     * @throws ConfigException if the path is empty or malformed, or the option is not {@code ro}
     */
    @Override
    public BlockDevice open(DeviceContext context, String address) {
        int mark = address.indexOf('?');
        String text = mark < 0 ? address : address.substring(0, mark);
        String option = mark < 0 ? "" : address.substring(mark + 1);
        if (text.isEmpty() || (mark >= 0 && !option.equals(READ_ONLY))) {
            throw malformed(address, null);
        }
        Path path;
        try {
            path = Path.of(text);
        } catch (InvalidPathException e) {
            throw malformed(address, e);
        }
        return open(context, path, mark >= 0);
    }

    private static BlockDevice open(DeviceContext context, Path path, boolean readOnly) {
        check(path, readOnly);
        try {
            FileChannel channel = readOnly
                    ? FileChannel.open(path, StandardOpenOption.READ)
                    : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
            try {
                lock(path, channel, readOnly);
                long sizeBytes = channel.size();
                if (sizeBytes % SECTOR_BYTES != 0) {
                    throw new DeviceException(
                            "file:" + path + " has " + sizeBytes + " bytes.",
                            "A disk is a whole number of sectors of " + SECTOR_BYTES + " bytes.",
                            "truncate -s %" + SECTOR_BYTES + " " + path);
                }
                BlockDeviceInfo info = new BlockDeviceInfo(
                        path.toString(),
                        SECTOR_BYTES,
                        sizeBytes / SECTOR_BYTES,
                        readOnly,
                        FRAGMENT_LIMIT,
                        QUEUE_DEPTH,
                        false);
                return new FileBlockDevice(info, channel, context);
            } catch (IOException | RuntimeException | Error e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new DeviceException("file:" + path + " cannot be opened: " + e, null, null, e);
        }
    }

    private static void check(Path path, boolean readOnly) {
        if (!Files.exists(path)) {
            throw new DeviceException(
                    "file:" + path + " does not exist.",
                    "A disk's file is never made by itself.",
                    "truncate -s 64M " + path);
        }
        if (!Files.isRegularFile(path)) {
            throw new DeviceException(
                    "file:" + path + " is not a regular file.",
                    "Folders and devices of the host cannot be disks.",
                    null);
        }
        if (!Files.isReadable(path) || (!readOnly && !Files.isWritable(path))) {
            throw new DeviceException(
                    "file:" + path + " may not be " + (Files.isReadable(path) ? "written" : "read") + " by this user.",
                    null,
                    Files.isReadable(path) ? "file:" + path + "?ro, or chmod u+w " + path : "chmod u+rw " + path);
        }
    }

    private static void lock(Path path, FileChannel channel, boolean readOnly) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock(0, Long.MAX_VALUE, readOnly);
        } catch (OverlappingFileLockException _) {
            lock = null;
        }
        if (lock == null) {
            throw new DeviceException(
                    "file:" + path + " is in use by another device or process.",
                    "One device may write a file, or several may read it.",
                    "end the other one, or work on a copy");
        }
    }

    private static ConfigException malformed(String address, @Nullable Throwable cause) {
        return new ConfigException(
                "file:" + address + " does not name a disk.",
                "file:PATH, or file:PATH?ro to read only.",
                "uk.block.device=file:disk.img",
                cause);
    }
}
