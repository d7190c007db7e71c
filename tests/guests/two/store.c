/* The module that modules.c imports from: what is put is kept in this module's memory. */
struct entry {
    int key;
    int value;
};

struct entry entries[8];
int count;

static void keep(struct entry *e, int key, int value)
{
    e->key = key;
    e->value = value;
}

__attribute__((export_name("put"))) int put(int key, int value)
{
    keep(&entries[count], key, value);
    count++;
    return count;
}

__attribute__((export_name("total"))) int total(void)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += entries[i].value;
    return sum;
}
