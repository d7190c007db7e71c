/* Pointers and branches: a linked list that is built, sorted and walked, and a state machine over text. */
#include <stddef.h>

#include "timing.h"

#define NODES 12000
#define TEXT 300000

struct node {
    struct node *next;
    uint32_t key;
    uint32_t value;
};

enum state { BLANK, WORD, NUMBER, STRING, ESCAPE, COMMENT };

static struct node nodes[NODES];
static char text[TEXT];

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

__attribute__((noinline)) struct node *build(uint32_t *seed)
{
    struct node *head = NULL;
    for (int i = 0; i < NODES; i++) {
        nodes[i].key = next_random(seed) % 10000;
        nodes[i].value = (uint32_t)i;
        nodes[i].next = head;
        head = &nodes[i];
    }
    return head;
}

__attribute__((noinline)) struct node *merge(struct node *left, struct node *right)
{
    struct node first, *last = &first;
    while (left && right) {
        if (left->key <= right->key) {
            last->next = left;
            left = left->next;
        } else {
            last->next = right;
            right = right->next;
        }
        last = last->next;
    }
    last->next = left ? left : right;
    return first.next;
}

__attribute__((noinline)) struct node *sort(struct node *head)
{
    struct node *slow = head, *fast;
    if (!head || !head->next)
        return head;
    for (fast = head->next; fast && fast->next; fast = fast->next->next)
        slow = slow->next;
    fast = slow->next;
    slow->next = NULL;
    return merge(sort(head), sort(fast));
}

__attribute__((noinline)) void write_text(uint32_t *seed)
{
    static const char letters[] = "abcdefgh 01234 \"x\\\"y\" #n\n z9 q_ ";
    for (int i = 0; i < TEXT; i++)
        text[i] = letters[next_random(seed) % (sizeof letters - 1)];
}

__attribute__((noinline)) uint32_t scan_text(void)
{
    uint32_t counts[6] = {0};
    enum state state = BLANK;
    for (int i = 0; i < TEXT; i++) {
        char c = text[i];
        switch (state) {
        case STRING:
            if (c == '\\')
                state = ESCAPE;
            else if (c == '"')
                state = BLANK;
            break;
        case ESCAPE:
            state = STRING;
            break;
        case COMMENT:
            if (c == '\n')
                state = BLANK;
            break;
        default:
            if (c == '"')
                state = STRING;
            else if (c == '#')
                state = COMMENT;
            else if (c == ' ' || c == '\n')
                state = BLANK;
            else if (c >= '0' && c <= '9')
                state = state == WORD ? WORD : NUMBER;
            else
                state = WORD;
        }
        counts[state]++;
    }
    uint32_t mix = 0;
    for (int i = 0; i < 6; i++)
        mix = mix * 31 + counts[i];
    return mix;
}

static uint32_t kernel(void)
{
    uint32_t seed = 42, mix = 0;
    for (struct node *node = sort(build(&seed)); node; node = node->next)
        mix = mix * 31 + node->key + node->value;
    write_text(&seed);
    return mix ^ scan_text();
}

int main(void)
{
    return time_kernel(kernel);
}
