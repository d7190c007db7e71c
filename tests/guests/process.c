/* What a process gets and asks for: arguments, variables, output, input, an exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int total;

__attribute__((noinline)) void count(int step)
{
    total += step;
}

__attribute__((noinline)) int say(const char *text)
{
    return (int)write(1, text, strlen(text));
}

int main(int argc, char **argv)
{
    const char *colour = getenv("COLOUR");
    const char *home = getenv("HOME");
    char line[16];
    int written = 0, got;

    for (int i = 1; i < argc; i++)
        written += say(argv[i]) + say("\n");
    for (int i = 0; i < 100; i++)
        count(i);
    got = (int)read(0, line, sizeof line);
    printf("colour %s, home %s, total %d, written %d, read %d\n", colour ? colour : "none",
           home ? home : "none", total, written, got);
    fflush(stdout);
    return argc;
}
