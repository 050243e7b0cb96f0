// For libFuzzer: whatever firmware says of the machine, the kernel refuses it, or takes for memory only what is some. The bytes lie at two
// places of the first GiB, the start info first; its magic is made right, else few inputs would come far.
#include "firmware.h"

int fflush(void *stream);

enum { PLACE = 0x1000, INPUT_LIMIT = 0x4000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static bool started;
    if (!started) {
        firmware_start();
        started = true;
    }
    size = MIN(size, (size_t) INPUT_LIMIT);
    char *low = direct(PLACE), *high = direct(SHOWN_BYTES - size);
    memcpy(low, data, size);
    memcpy(high, data, size);
    if (size >= 4) {
        memcpy(low, &(uint32_t) {START_MAGIC}, 4);
    }
    int code = firmware_boot(PLACE);
    if (code == -1 || code == EXIT_BOOT || code == EXIT_IMAGE) {
        memset(low, 0, size);
        memset(high, 0, size);
        return 0;
    }
    printf("exit code %d: %s\n", code, host_said);
    fflush(NULL);
    __builtin_trap();
}
