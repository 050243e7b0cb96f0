// Access to user memory. The one instruction that touches it is in entry.S.
#include "memory.h"

extern int copy_user(void *to, const void *from, size_t bytes);

static bool in_user_half(const void *user, size_t bytes) {
    return (uint64_t) user < USER_END && bytes <= USER_END - (uint64_t) user;
}

int copy_in(void *to, const void *user, size_t bytes) {
    return in_user_half(user, bytes) ? copy_user(to, user, bytes) : -EFAULT;
}

int copy_out(void *user, const void *from, size_t bytes) {
    return in_user_half(user, bytes) ? copy_user(user, from, bytes) : -EFAULT;
}

long copy_text_in(char *to, const char *user, size_t size) {
    for (size_t done = 0; done < size;) {
        size_t part = MIN(size - done, PAGE_SIZE - ((uint64_t) (user + done) & (PAGE_SIZE - 1)));
        if (copy_in(to + done, user + done, part)) {
            return -EFAULT;
        }
        for (size_t end = done + part; done < end; done++) {
            if (!to[done]) {
                return (long) done;
            }
        }
    }
    return -ENAMETOOLONG;
}
