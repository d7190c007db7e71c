/* One function a type: how the two C ABIs pass and return it. */
#define PASS(name, type) type f_##name(type x) { return x; }
typedef struct { int a : 3; } bits;
typedef struct { int a[1]; } array_of_one;
typedef struct { float a[2]; } two_floats;
typedef struct { } empty;
typedef struct { empty e; float f; } float_after_empty;
typedef union { int a; float b; } int_or_float;
typedef union { double d; } only_double;
typedef struct { __int128 v; } wide;
typedef struct { int a, b; } two_ints;
typedef struct { double d; int i; } double_int;
typedef struct { float f; int i; double d; } float_int_double;
typedef struct { char c[16]; } chars;
typedef struct { char c[17]; } too_many_chars;
typedef struct { char c __attribute__((aligned(8))); } aligned_char;
typedef struct { double d[3]; } three_doubles;
typedef struct { long double x; } quad_struct;
typedef struct { two_floats f; two_ints i; } nested;
typedef struct { char *p; short s; } pointer_short;
typedef struct __attribute__((packed)) { char c; int i; } packed;
enum color { RED, BLUE };
PASS(int, int) PASS(uchar, unsigned char) PASS(bool, _Bool) PASS(llong, long long)
PASS(float, float) PASS(double, double) PASS(pointer, char *) PASS(enum, enum color)
PASS(int128, __int128) PASS(cfloat, _Complex float) PASS(cdouble, _Complex double)
PASS(bits, bits) PASS(array_of_one, array_of_one) PASS(two_floats, two_floats)
PASS(empty, empty) PASS(float_after_empty, float_after_empty) PASS(int_or_float, int_or_float)
PASS(only_double, only_double) PASS(wide, wide) PASS(two_ints, two_ints)
PASS(double_int, double_int) PASS(float_int_double, float_int_double) PASS(chars, chars)
PASS(too_many_chars, too_many_chars) PASS(aligned_char, aligned_char)
PASS(three_doubles, three_doubles) PASS(nested, nested) PASS(pointer_short, pointer_short)
PASS(packed, packed)
#ifdef __wasm__
PASS(quad, long double) PASS(quad_struct, quad_struct) PASS(cquad, _Complex long double)
#endif
void f_void(void) {}
int f_variadic(const char *format, ...) { return *format; }
