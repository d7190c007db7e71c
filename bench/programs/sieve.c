/* Loops and byte stores: the sieve of Eratosthenes. */
#include <string.h>

#include "timing.h"

#define SIZE 1500000

static uint8_t composite[SIZE + 1];

static uint32_t kernel(void)
{
    uint32_t count = 0;
    memset(composite, 0, sizeof composite);
    for (int i = 2; i <= SIZE; i++) {
        if (composite[i])
            continue;
        count++;
        for (int j = i + i; j <= SIZE; j += i)
            composite[j] = 1;
    }
    return count;
}

int main(void)
{
    return time_kernel(kernel);
}
