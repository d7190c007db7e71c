/* Fibonacci numbers in a loop, for sessions of a breakpoint and a few steps. */
#include <stdio.h>

__attribute__((noinline)) int fib(int n)
{
    int before = 0;
    int result = 1;
    for (int i = 0; i < n; i++) {
        int next = before + result;
        before = result;
        result = next;
    }
    return result;
}

int main(void)
{
    printf("%d\n", fib(5));
    return 0;
}
