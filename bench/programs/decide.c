/* What a debug server decides by itself, many times a second: conditions, steps, watchpoints.
   The first argument is how often the loops turn. */
#include <stdio.h>
#include <stdlib.h>

volatile unsigned counter, rare;
unsigned stores[256];

__attribute__((noinline)) void tick(void)
{
    counter++;
}

__attribute__((noinline)) void ticks(unsigned turns)
{
    while (counter < turns)
        tick();
}

__attribute__((noinline)) void store(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        stores[i & 255] = i;
    rare++;
}

__attribute__((noinline)) void loop(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) counter += i & 1;
}

__attribute__((noinline)) void done(void)
{
    rare += 2;
}

int main(int argc, char **argv)
{
    unsigned turns = (unsigned)atoi(argv[argc - 1]);
    ticks(turns);
    store(turns);
    loop(turns);
    done();
    printf("%u %u %u\n", counter, rare, stores[7]);
    return 0;
}
