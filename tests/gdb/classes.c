/* Variables, parameters and results of every class that C has; check() shows what came back. */
#include <stdio.h>
#include <stdlib.h>

#define KEPT __attribute__((noinline))

typedef int (*operation)(int, int);
struct point { int x, y; };
struct bits { unsigned a : 3; int b : 5; unsigned c : 10; long long d : 40; };
struct floats { float a, b, c; };
struct letters { char c[3]; };
struct one { short s; };
struct node { int val; const char *name; struct node *next; };
struct large { int a[6]; double d; char name[8]; };
union any { int i; float f; unsigned char b[4]; };
enum color { RED, GREEN = 5, BLUE };

char a_char = 'a';
signed char a_byte = -5;
unsigned char a_ubyte = 200;
short a_short = -3;
unsigned short a_ushort = 60000;
int an_int = 42;
unsigned an_uint = 4000000000u;
long long a_long = 0x123456789abcdefLL;
unsigned long long an_ulong = 0xfedcba9876543210ULL;
float a_float = 1.5f;
double a_double = 2.25;
long double a_quad = 3.125L;
_Bool a_bool = 1;
enum color a_color = GREEN;
struct point a_point = {3, 4};
struct bits some_bits = {5, -7, 513, -123456789};
struct floats some_floats = {1, 2, 3};
struct letters some_letters = {"abc"};
struct one a_one = {-9};
struct large a_large = {{1, 2, 3, 4, 5, 6}, 9.5, "large"};
union any an_union = {0x3f800000};
int an_array[5] = {1, 2, 3, 4, 5};
int a_matrix[2][3] = {{1, 2, 3}, {4, 5, 6}};
const char *a_text = "hello, wasm";
struct node second = {2, "two", 0}, first = {1, "one", &second}, *head = &first;

KEPT int add(int a, int b) { return a + b; }
KEPT int mul(int a, int b) { return a * b; }
operation an_operation = add, operations[2] = {add, mul};

KEPT char get_char(void) { return a_char; }
KEPT signed char get_byte(void) { return a_byte; }
KEPT unsigned char get_ubyte(void) { return a_ubyte; }
KEPT short get_short(void) { return a_short; }
KEPT unsigned short get_ushort(void) { return a_ushort; }
KEPT int get_int(void) { return an_int; }
KEPT unsigned get_uint(void) { return an_uint; }
KEPT long long get_long(void) { return a_long; }
KEPT unsigned long long get_ulong(void) { return an_ulong; }
KEPT float get_float(void) { return a_float; }
KEPT double get_double(void) { return a_double; }
KEPT _Bool get_bool(void) { return a_bool; }
KEPT enum color get_color(void) { return a_color; }
KEPT struct point get_point(void) { return a_point; }
KEPT struct floats get_floats(void) { return some_floats; }
KEPT struct letters get_letters(void) { return some_letters; }
KEPT struct one get_one(void) { return a_one; }
KEPT struct large get_large(void) { return a_large; }
KEPT union any get_union(void) { return an_union; }
KEPT const char *get_text(void) { return a_text; }
KEPT operation get_operation(void) { return an_operation; }
KEPT void get_nothing(void) { an_int += 1; }

volatile long long checked;
KEPT void check(long long sum) { checked = sum; }

int main(void)
{
    check(get_char());
    check(get_byte());
    check(get_ubyte());
    check(get_short());
    check(get_ushort());
    check(get_int());
    check(get_uint());
    check(get_long());
    check(get_ulong());
    check(get_float() * 8);
    check(get_double() * 8);
    check(get_bool());
    check(get_color());
    struct point point = get_point();
    check(point.x * 1000 + point.y);
    struct floats floats = get_floats();
    check(floats.a * 10000 + floats.b * 100 + floats.c);
    struct letters letters = get_letters();
    check(letters.c[0] * 10000 + letters.c[1] * 100 + letters.c[2]);
    check(get_one().s);
    check(get_large().a[5]);
    check(get_union().i);
    check(get_text()[0]);
    check(get_operation()(6, 7));
    get_nothing();
    check(an_int);
    free(malloc(1)); /* gdb allocates its strings with it */
    printf("%d %d\n", add(1, 2), mul(3, 4));
    return 0;
}
