// Texts and bytes, with no library to do it.
#include "base.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
    void *at = to;
    size_t words = bytes / 8, rest = bytes % 8;
    __asm__ volatile("rep movsq" : "+D"(at), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
    if ((uint64_t) to - (uint64_t) from >= bytes) {
        return memcpy(to, from, bytes);
    }
    char *t = to;
    const char *f = from;
    while (bytes--) {
        t[bytes] = f[bytes];
    }
    return to;
}

void *memset(void *to, int value, size_t bytes) {
    void *at = to;
    size_t words = bytes / 8, rest = bytes % 8;
    uint64_t pattern = 0x0101010101010101ul * (uint8_t) value;
    __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(at), "+c"(rest) : "a"(pattern) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
    const uint8_t *x = a, *y = b;
    for (; bytes; bytes--, x++, y++) {
        if (*x != *y) {
            return *x - *y;
        }
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length]) {
        length++;
    }
    return length;
}

int strcmp(const char *a, const char *b) {
    return strncmp(a, b, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t limit) {
    for (; limit; limit--, a++, b++) {
        if (*a != *b || !*a) {
            return (uint8_t) *a - (uint8_t) *b;
        }
    }
    return 0;
}

struct output {
    char *to;
    size_t size, length;
};

static void put(struct output *o, char c) {
    if (o->length + 1 < o->size) {
        o->to[o->length] = c;
    }
    o->length++;
}

static void put_padded(struct output *o, const char *text, size_t length, size_t width, char fill, bool left) {
    for (size_t i = length; !left && i < width; i++) {
        put(o, fill);
    }
    for (size_t i = 0; i < length; i++) {
        put(o, text[i]);
    }
    for (size_t i = length; left && i < width; i++) {
        put(o, ' ');
    }
}

static size_t digits_of(char *to, uint64_t value, unsigned base) {
    char reversed[24];
    size_t length = 0;
    do {
        reversed[length++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    for (size_t i = 0; i < length; i++) {
        to[i] = reversed[length - 1 - i];
    }
    return length;
}

static void put_number(struct output *o, uint64_t value, unsigned base, bool negative, size_t width, char fill, bool left) {
    char text[26];
    size_t sign = 0;
    if (negative) {
        text[sign++] = '-';
        value = -value;
    }
    put_padded(o, text, sign + digits_of(text + sign, value, base), width, fill, left);
}

int format_args(char *to, size_t size, const char *pattern, va_list args) {
    struct output o = {to, size, 0};
    for (; *pattern; pattern++) {
        if (*pattern != '%') {
            put(&o, *pattern);
            continue;
        }
        bool left = false, wide = false;
        char fill = ' ';
        size_t width = 0;
        for (pattern++; *pattern == '-' || *pattern == '0'; pattern++) {
            left |= *pattern == '-';
            fill = *pattern == '0' ? '0' : fill;
        }
        for (; *pattern >= '0' && *pattern <= '9'; pattern++) {
            width = width * 10 + (size_t) (*pattern - '0');
        }
        for (; *pattern == 'l' || *pattern == 'z'; pattern++) {
            wide = true;
        }
        switch (*pattern) {
        case 'd': {
            int64_t value = wide ? va_arg(args, int64_t) : va_arg(args, int);
            put_number(&o, (uint64_t) value, 10, value < 0, width, fill, left);
            break;
        }
        case 'u': put_number(&o, wide ? va_arg(args, uint64_t) : va_arg(args, unsigned), 10, false, width, fill, left); break;
        case 'x': put_number(&o, wide ? va_arg(args, uint64_t) : va_arg(args, unsigned), 16, false, width, fill, left); break;
        case 'p': put_number(&o, (uint64_t) va_arg(args, void *), 16, false, width, fill, left); break;
        case 'c': put(&o, (char) va_arg(args, int)); break;
        case 's': {
            const char *text = va_arg(args, const char *);
            put_padded(&o, text, strlen(text), width, ' ', left);
            break;
        }
        case '%': put(&o, '%'); break;
        default: return -1;  // the compiler checks patterns
        }
    }
    if (size) {
        to[MIN(o.length, size - 1)] = 0;
    }
    return (int) o.length;
}

int format(char *to, size_t size, const char *pattern, ...) {
    va_list args;
    va_start(args, pattern);
    int length = format_args(to, size, pattern, args);
    va_end(args);
    return length;
}
