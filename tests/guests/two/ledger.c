/* A module that shop.c imports from, with names that the program has too. */
struct item {
    int id;
    double price;
    const char *name;
    struct item *next;
};

#define EXPORT(name) __attribute__((noinline, export_name(#name)))

static struct item items[8];
static struct item *head;
static int count = 100;
static const char *const names[] = {"apple", "bread", "cheese", "dates"};

static double sum_from(struct item *it)
{
    if (!it)
        return 0;
    double rest = sum_from(it->next);
    return it->price + rest;
}

static void link_item(struct item *it, int id, double price)
{
    struct item local = {id, price, names[id & 3], head};
    *it = local;
    head = it;
}

EXPORT(add_item) int add_item(int id, double price)
{
    struct item *it = &items[count - 100];
    link_item(it, id, price);
    count++;
    return count;
}

EXPORT(sum) double sum(void)
{
    double all = sum_from(head);
    return all;
}

EXPORT(item_at) struct item *item_at(int index)
{
    return &items[index];
}
