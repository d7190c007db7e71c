/* Branches that are no branches to lldb: a switch of many cases, loops whose lines begin with the loop, and
   functions that end without `return`. */
#include <stdio.h>

int total;

__attribute__((noinline)) int pick(int n)
{
    int r;
    switch (n) {
    case 0: r = 5; break;
    case 1: total += 17; r = 17; break;
    case 2: r = 3; break;
    case 3: r = 99; break;
    case 4: r = n * 7; break;
    case 5: r = 23; break;
    case 6: r = 31; break;
    case 7: r = 2; break;
    case 8: r = n + 1; break;
    case 9: r = 12; break;
    case 10: r = 77; break;
    case 11: r = 41; break;
    case 12: r = n * n; break;
    case 13: r = 8; break;
    case 14: r = 64; break;
    case 15: total++; r = 19; break;
    case 16: r = 21; break;
    case 17: r = n - 4; break;
    case 18: r = 60; break;
    case 19: r = 50; break;
    default: r = -1;
    }
    return r;
}

__attribute__((noinline)) int choose(int n)
{
    switch (n) {
    case 0: return total;
    case 1: return total + 17;
    case 2: total++; break;
    case 3: total *= 3; break;
    case 4: total -= n; break;
    case 5: return -total;
    }
    return n;
}

__attribute__((noinline)) void add(int n)
{
    total += n;
    total *= 2;
}

__attribute__((noinline)) int both(int n)
{
    add(n);
    add(n + 1);
    return total;
}

int main(int argc, char **argv)
{
    int a = 0;
    for (int i = argc + 11; i < 18; i++)
        a += pick(i);
    add(a);
    printf("%d %d\n", a, both(a) + choose(a % 6));
    return 0;
}
