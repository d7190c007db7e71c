/* Prints the longest of its words; but not the longest one.  README.md finds out why. */
#include <stdio.h>
#include <string.h>

struct word {
    const char *text;
    int length;
};

static struct word words[] = {{"gdb", 0}, {"breakpoint", 0}, {"frame", 0}, {"WebAssembly", 0}};

static void measure(struct word *word)
{
    word->length = (int)strlen(word->text);
}

static const struct word *longest(const struct word *list, int count)
{
    const struct word *best = list;
    for (int i = 1; i < count - 1; i++)
        if (list[i].length > best->length)
            best = &list[i];
    return best;
}

int main(void)
{
    int count = sizeof words / sizeof words[0];
    for (int i = 0; i < count; i++)
        measure(&words[i]);
    printf("the longest word is %s\n", longest(words, count)->text);
    return 0;
}
