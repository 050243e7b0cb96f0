package io.uk4j.core.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetDeviceInfoTest {
    private static NetDeviceInfo with(int offloads) {
        return new NetDeviceInfo("net0", MacAddress.locallyAdministered(1), 1500, offloads, 65_549, 48, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {NetDeviceInfo.OFFLOAD_TSO4, NetDeviceInfo.OFFLOAD_TSO6, NetDeviceInfo.OFFLOAD_USO})
    void whoCutsSegmentsAlsoSumsThem(int segmentation) {
        assertTrue(with(segmentation).has(NetDeviceInfo.OFFLOAD_TX_CHECKSUM));
    }

    @Test
    void nothingElseIsImplied() {
        assertEquals(
                NetDeviceInfo.OFFLOAD_RX_LARGE,
                with(NetDeviceInfo.OFFLOAD_RX_LARGE).offloads());
        assertEquals(0, with(0).offloads());
    }
}
