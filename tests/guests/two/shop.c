/* A program whose other module, ledger.c, has a memory of its own; both have a `count`, `names` and `head`. */
#include <stdio.h>

#define IMPORT(name) __attribute__((import_module("ledger"), import_name(#name)))

IMPORT(add_item) int add_item(int id, double price);
IMPORT(sum) double sum(void);

struct customer {
    int number;
    const char *name;
    struct customer *next;
};

static struct customer second = {2, "Grace", 0};
static struct customer first = {1, "Ada", &second};
static struct customer *head = &first;
static int count = 5;
static const char *const names[] = {"zero", "one"};

__attribute__((noinline)) static int buy(struct customer *who, int id)
{
    char label[16];
    snprintf(label, sizeof label, "%s %d", who->name, id);
    int entries = add_item(id, id * 1.5);
    count += entries > 100;
    return entries;
}

int main(void)
{
    int bought = 0;
    for (struct customer *who = head; who; who = who->next)
        bought = buy(who, who->number);
    double all = sum();
    printf("%s: %d bought, %g in all, %d\n", names[1], bought - 100, all, count);
    return 0;
}
