package io.uk4j.core.block;

import io.uk4j.core.block.BlockRequest.Operation;
import io.uk4j.core.metrics.Counter;
import io.uk4j.core.metrics.Counters;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * What every block device counts: requests by operation, errors, and bytes.
 *
 * <p>Thread rule: loop-owned.
 */
public final class BlockCounters {
    private final Map<Operation, Counter> requests = new EnumMap<>(Operation.class);
    private final Counter errors;
    private final Counter bytesRead;
    private final Counter bytesWritten;

    /**
     * Registers the counters.
     *
     * @param registry where they hang
     * @param device the device's name, their label
     */
    public BlockCounters(Counters registry, String device) {
        Counters own = registry.with("device", device);
        for (Operation operation : Operation.values()) {
            requests.put(
                    operation,
                    own.with("operation", operation.name().toLowerCase(Locale.ROOT))
                            .counter("uk_block_requests_total", "Requests completed, by operation."));
        }
        errors = own.counter("uk_block_errors_total", "Requests completed with an error.");
        bytesRead = own.counter("uk_block_bytes_read_total", "Bytes read.");
        bytesWritten = own.counter("uk_block_bytes_written_total", "Bytes written.");
    }

    /**
     * Counts a request that has ended.
     *
     * @param request the request
     * @param status what its completion is told
     */
    public void completed(BlockRequest request, int status) {
        Objects.requireNonNull(requests.get(request.operation())).increment();
        if (status == BlockRequest.IO_ERROR) {
            errors.increment();
        } else if (status == BlockRequest.OK && request.operation() == Operation.READ) {
            bytesRead.add(request.lengthBytes());
        } else if (status == BlockRequest.OK && request.operation() == Operation.WRITE) {
            bytesWritten.add(request.lengthBytes());
        }
    }
}
