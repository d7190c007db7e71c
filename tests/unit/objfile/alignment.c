/* Structs whose alignment gdb gets from their members; what clang makes of it is in the enumerators. */
typedef long long wide;
typedef const volatile wide qualified;
typedef double real;
typedef wide pair_of_wides[2];
typedef _Complex double complex_real;
typedef int narrow;
struct plain { char c; long long w; };
struct named { char c; wide w; };
struct qualifying { char c; qualified w; };
struct array { char c; wide w[3]; };
struct array_type { char c; pair_of_wides w; };
struct outer { char c; struct inner { char c; real r; } in; narrow n; };
struct bits { wide low : 3, high : 40; };
struct complexes { char c; complex_real z; };
struct narrows { char c; narrow n; };
struct __attribute__((packed)) packed { char c; wide w; };
union both { narrow n; real r; };
struct unions { char c; union both b; };
struct stricter { char c; _Alignas(32) wide w; };
enum alignment {
#define A(type) A_##type = _Alignof(struct type)
  A(plain), A(named), A(qualifying), A(array), A(array_type), A(outer), A(inner), A(bits),
  A(complexes), A(narrows), A(unions), A(stricter)
};
struct plain v_plain; struct named v_named; struct qualifying v_qualifying; struct array v_array;
struct array_type v_array_type; struct outer v_outer; struct bits v_bits;
struct complexes v_complexes; struct narrows v_narrows; struct packed v_packed;
struct unions v_unions; struct stricter v_stricter;
enum alignment v_alignment;
int main(void) { return v_alignment; }
