/* The program the debugger sessions run: a struct behind a pointer, a char *, recursion, a global, printf.
   What it does is chosen by its first argument: nothing (count and print), "read", "sleep", "loop", "exit N",
   "null", "divide", "unreachable", "overflow". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct point {
    int x;
    int y;
};

struct person {
    const char *name;
    int age;
    double height;
    struct point at;
    struct person *next;
};

enum colour { RED, GREEN = 5, BLUE };

int counter;
long long wide = 0x123456789abcdefLL;
float single = 1.5f;
enum colour shade = GREEN;
int squares[5] = {0, 1, 4, 9, 16};
const char *greeting = "hello, wasm";
volatile int running = 1;

static struct person grace = {"Grace", 85, 1.65, {3, 4}, 0};
static struct person ada = {"Ada", 36, 1.7, {-1, 2}, &grace};

__attribute__((noinline)) int fib(int n, struct person *p)
{
    int left, right;
    counter++;
    if (n < 2)
        return n;
    left = fib(n - 1, p);
    right = fib(n - 2, p->next ? p->next : p);
    return left + right;
}

__attribute__((noinline)) int sum_of_ages(const struct person *p)
{
    int sum = 0;
    while (p) {
        sum += p->age;
        p = p->next;
    }
    return sum;
}

__attribute__((noinline)) double scale(double x, float factor)
{
    double scaled = x * factor;
    return scaled + 0.5;
}

__attribute__((noinline)) long long widen(int low, long long high)
{
    long long whole = high * 1000 + low;
    return whole;
}

__attribute__((noinline)) unsigned spin(unsigned start)
{
    unsigned turns = start;
    while (running)
        turns += 3;
    return turns;
}

__attribute__((noinline)) int read_line(char *line, int size)
{
    if (!fgets(line, size, stdin))
        return -1;
    line[strcspn(line, "\n")] = 0;
    return (int)strlen(line);
}

__attribute__((noinline)) int crash(const char *how, int zero)
{
    if (!strcmp(how, "null")) {
        volatile int *p = (volatile int *)0xfffffff0u;
        return *p;
    }
    if (!strcmp(how, "divide")) {
        volatile int divisor = zero;
        return counter / divisor;
    }
    if (!strcmp(how, "unreachable"))
        __builtin_trap();
    if (!strcmp(how, "overflow"))
        return crash(how, zero) + crash(how, zero + 1);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "count";
    char line[80] = "";
    int result = fib(6, &ada);

    printf("%s: fib(6) = %d in %d calls\n", greeting, result, counter);
    printf("ages %d, scaled %.2f, wide %lld\n", sum_of_ages(&ada), scale(ada.height, 2.0f), widen(7, 42));
    fflush(stdout);
    if (!strcmp(what, "read")) {
        int length = read_line(line, sizeof line);
        printf("read %d: %s\n", length, line);
    } else if (!strcmp(what, "sleep")) {
        unsigned left = sleep(argc > 2 ? (unsigned)atoi(argv[2]) : 1);
        printf("slept, %u left\n", left);
    } else if (!strcmp(what, "loop")) {
        printf("looped %u\n", spin(0) % 3);
    } else if (!strcmp(what, "exit")) {
        return argc > 2 ? atoi(argv[2]) : 3;
    } else if (strcmp(what, "count")) {
        printf("crashed: %d\n", crash(what, 0));
    }
    return 0;
}
