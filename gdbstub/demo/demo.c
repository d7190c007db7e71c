/* A small program to try a debugger on: `gdbstub demo` serves it and says how to connect.

   Things to try:
     a breakpoint in weigh, then the backtrace, `print *body` and `print *body->next`;
     a condition: stop in weigh only for the body called "Saturn";
     change a local (`set var total = 0`, `expr total = 0`) and see what is printed in the end;
     fibonacci, for recursion: `finish` from deep inside shows the value returned. */
#include <stdio.h>

struct body {
    const char *name;
    double mass; /* in earths */
    int moons;
    struct body *next;
};

static struct body neptune = {"Neptune", 17.1, 16, 0};
static struct body uranus = {"Uranus", 14.5, 28, &neptune};
static struct body saturn = {"Saturn", 95.2, 146, &uranus};
static struct body jupiter = {"Jupiter", 317.8, 95, &saturn};
static struct body mars = {"Mars", 0.107, 2, &jupiter};
static struct body earth = {"Earth", 1.0, 1, &mars};

const char *greeting = "hello from wasm";
int weighed;

static double weigh(struct body *body, double so_far)
{
    double total = so_far + body->mass;
    weighed++;
    if (body->next)
        total = weigh(body->next, total);
    return total;
}

static int count_moons(const struct body *first)
{
    int moons = 0;
    for (const struct body *body = first; body; body = body->next)
        moons += body->moons;
    return moons;
}

static int fibonacci(int n)
{
    if (n < 2)
        return n;
    int before = fibonacci(n - 2);
    int last = fibonacci(n - 1);
    return before + last;
}

int main(int argc, char **argv)
{
    int squares[8];
    for (int i = 0; i < 8; i++)
        squares[i] = i * i;

    printf("%s, %s\n", greeting, argc > 1 ? argv[1] : "reader");
    printf("%d moons\n", count_moons(&earth));
    printf("%.1f earths in %d bodies\n", weigh(&earth, 0), weighed);
    printf("fibonacci(%d) = %d\n", squares[3], fibonacci(squares[3]));
    return 0;
}
