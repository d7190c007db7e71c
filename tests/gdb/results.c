/* Functions that return values of every kind that C can return. */
#include <stdio.h>

struct pair { int a, b; };
struct doubles { double x, y; };
struct mixed { int i; double d; };
struct large { int v[10]; };
struct single { float f; };

#define KEPT __attribute__((noinline))

KEPT struct pair get_pair(int n) { struct pair r = {n, n + 1}; return r; }
KEPT struct doubles get_doubles(int n) { struct doubles r = {n, n + .5}; return r; }
KEPT struct mixed get_mixed(int n) { struct mixed r = {n, n + .5}; return r; }
KEPT struct large get_large(int n) { struct large r = {{n, n + 1}}; return r; }
KEPT struct single get_single(int n) { struct single r = {n + .25f}; return r; }
KEPT char get_char(int n) { return 'a' + n; }
KEPT unsigned char get_byte(int n) { return 200 + n; }
KEPT short get_short(int n) { return -3 - n; }
KEPT long long get_long(int n) { return -1LL << n; }
KEPT float get_float(int n) { return n * .5f; }
KEPT double get_double(int n) { return n / 3.; }
KEPT _Bool get_bool(int n) { return n; }
KEPT const char *get_text(int n) { return "number" + n; }

int main(void)
{
    struct pair pair = get_pair(1);
    struct doubles doubles = get_doubles(2);
    struct mixed mixed = get_mixed(3);
    struct large large = get_large(4);
    struct single single = get_single(5);
    printf("%d %f %d %d %f\n", pair.b, doubles.y, mixed.i, large.v[1], single.f);
    printf("%d %d %d\n", get_char(1), get_byte(1), get_short(1));
    printf("%lld %f %f\n", get_long(40), get_float(3), get_double(1));
    printf("%d %s\n", get_bool(1), get_text(3));
    return 0;
}
