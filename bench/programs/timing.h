/* What the timed programs share: run the kernel several times, print its checksum and its best time.
   Time is taken inside the guest, so neither start-up nor compilation is in it. */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define CALLS 15

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int time_kernel(uint32_t (*kernel)(void))
{
    uint64_t best = UINT64_MAX;
    uint32_t sum = 0;
    for (int call = 0; call < CALLS; call++) {
        uint64_t start = now();
        sum = kernel();
        uint64_t spent = now() - start;
        if (spent < best)
            best = spent;
    }
    printf("checksum %u\nbest_ns %llu\n", (unsigned)sum, (unsigned long long)best);
    return 0;
}
