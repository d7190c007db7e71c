/* Everything that can be watched, accessed in every way. */
#include <string.h>
#include <unistd.h>

int counter;
char buffer[32];
long long wide;
static volatile int quiet = 5;

__attribute__((noinline)) static int sum(int limit) {
    int total = limit, i;
    for (i = 0; i < limit; i++)
        total += i;
    return total;
}

struct node {
    struct node *next;
    int value;
} chain[3] = {{&chain[1], 1}, {&chain[2], 2}, {0, 3}};

void visit(int value);

__attribute__((noinline)) static int follow(struct node *p) {
    int length = 0;
    for (; p; p = p->next) {
        visit(p->value);
        length++;
    }
    return length;
}

__attribute__((noinline)) void visit(int value) { counter += value; }

__attribute__((noinline)) static void set(int *p, int value) { *p = value; }

static void fill(size_t size) {
    memset(buffer, 'a', size);
    memcpy(buffer + 8, "bulk data", size);
}

int main(void) {
    counter = 0;
    set(&counter, 1);
    set(&counter, 1);
    set(&counter, 2);
    wide = 1LL << 40;
    int seen = quiet;
    quiet = seen + 1;
    quiet = seen + 1;
    seen += sum(4) - 10;
    fill(8);
    if (read(0, buffer, 4) < 0)
        return 1;
    return counter - seen + follow(chain);
}
