/* The program of two modules: the other one, store.c, has a memory of its own, so pointers cannot be passed. */
#include <stdio.h>

__attribute__((import_module("store"), import_name("put"))) int put(int key, int value);
__attribute__((import_module("store"), import_name("total"))) int total(void);

int calls;
int marks[4] = {1, 2, 3, 4};

__attribute__((noinline)) int record(int key)
{
    int value = marks[key] * 10;
    calls++;
    return put(key, value);
}

int main(void)
{
    int count = 0;
    for (int key = 0; key < 4; key++)
        count = record(key);
    printf("%d entries, total %d, %d calls\n", count, total(), calls);
    return 0;
}
