/* A function that the host calls while another waits for the host. `again` is the host's, and calls `inner`. */
#include <stdio.h>

__attribute__((import_module("host"), import_name("again"))) int again(int depth);

__attribute__((export_name("inner"), noinline)) int inner(int depth)
{
    int result = depth * 10;
    if (depth > 1)
        result += again(depth - 1);
    return result;
}

__attribute__((noinline)) int outer(int depth)
{
    int result = again(depth);
    return result + 1;
}

int main(void)
{
    return outer(3);
}
