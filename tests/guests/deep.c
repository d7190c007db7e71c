/* As many frames as the argument says; link it with a stack that has room for them. */
#include <stdio.h>
#include <stdlib.h>

int reached;

__attribute__((noinline)) int down(int left)
{
    int below = 0;
    if (left > 0)
        below = down(left - 1);
    else
        reached++;
    return below + 1;
}

int main(int argc, char **argv)
{
    int depth = argc > 1 ? atoi(argv[1]) : 100000;
    printf("%d frames\n", down(depth));
    return 0;
}
