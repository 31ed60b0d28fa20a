//go:build amd64 && !purego

#include "textflag.h"

// Montgomery multiplication of eight pairs of numbers at a time, one pair per
// 64-bit lane, with the 52-bit multiply-add instructions of AVX-512.
//
// The product is built row by row. The running sum t lives in Z0 … Z9, Z19 or
// Z29, a digit of every lane in each register and up to 60 bits in each digit,
// so that carries wait until the end. One row is
//
//	t += lo(a·b[i]); y = lo(t[0]·k0); t += lo(m·y)
//	t >>= one digit
//	t += hi(a·b[i]) + hi(m·y)
//
// Every digit receives at most four products below 2^52 per row, 120 in all
// with 30 digits, and stays below 2^59.
//
// Registers: DI z, SI a, BX b[i], DX m, R8 k0, R9 shift, CX rows left,
// Z30 b[i], Z31 y.

// ROW10 applies a multiply-add to ten digits from off(p) on, times x.
#define ROW10(OP, p, off, x, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9) \
	OP (off+0)(p), x, r0   \
	OP (off+64)(p), x, r1  \
	OP (off+128)(p), x, r2 \
	OP (off+192)(p), x, r3 \
	OP (off+256)(p), x, r4 \
	OP (off+320)(p), x, r5 \
	OP (off+384)(p), x, r6 \
	OP (off+448)(p), x, r7 \
	OP (off+512)(p), x, r8 \
	OP (off+576)(p), x, r9

// DOWN10 moves ten digits down by one.
#define DOWN10(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, next) \
	VMOVDQA64 r1, r0 \
	VMOVDQA64 r2, r1 \
	VMOVDQA64 r3, r2 \
	VMOVDQA64 r4, r3 \
	VMOVDQA64 r5, r4 \
	VMOVDQA64 r6, r5 \
	VMOVDQA64 r7, r6 \
	VMOVDQA64 r8, r7 \
	VMOVDQA64 r9, r8 \
	VMOVDQA64 next, r9

// ZERO10 clears ten registers.
#define ZERO10(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9) \
	VPXORQ r0, r0, r0 \
	VPXORQ r1, r1, r1 \
	VPXORQ r2, r2, r2 \
	VPXORQ r3, r3, r3 \
	VPXORQ r4, r4, r4 \
	VPXORQ r5, r5, r5 \
	VPXORQ r6, r6, r6 \
	VPXORQ r7, r7, r7 \
	VPXORQ r8, r8, r8 \
	VPXORQ r9, r9, r9

// SHIFT10 multiplies ten digits by two to the power in Z30.
#define SHIFT10(r0, r1, r2, r3, r4, r5, r6, r7, r8, r9) \
	VPSLLVQ Z30, r0, r0 \
	VPSLLVQ Z30, r1, r1 \
	VPSLLVQ Z30, r2, r2 \
	VPSLLVQ Z30, r3, r3 \
	VPSLLVQ Z30, r4, r4 \
	VPSLLVQ Z30, r5, r5 \
	VPSLLVQ Z30, r6, r6 \
	VPSLLVQ Z30, r7, r7 \
	VPSLLVQ Z30, r8, r8 \
	VPSLLVQ Z30, r9, r9

// STORE stores a digit with the carry taken out, which goes to the next.
// Z31 is the mask of a digit.
#define STORE(off, r, next) \
	VPSRLQ $52, r, Z30     \
	VPANDQ Z31, r, r       \
	VMOVDQU64 r, (off)(DI) \
	VPADDQ Z30, next, next

#define STORE10(off, r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, next) \
	STORE(off+0, r0, r1)   \
	STORE(off+64, r1, r2)  \
	STORE(off+128, r2, r3) \
	STORE(off+192, r3, r4) \
	STORE(off+256, r4, r5) \
	STORE(off+320, r5, r6) \
	STORE(off+384, r6, r7) \
	STORE(off+448, r7, r8) \
	STORE(off+512, r8, r9) \
	STORE(off+576, r9, next)


#define ARGUMENTS \
	MOVQ z+0(FP), DI     \
	MOVQ a+8(FP), SI     \
	MOVQ b+16(FP), BX    \
	MOVQ m+24(FP), DX    \
	MOVQ k0+32(FP), R8   \
	MOVQ shift+40(FP), R9

// LOADB takes the next digit of b.
#define LOADB \
	VMOVDQU64 (BX), Z30 \
	ADDQ $64, BX

// FACTOR computes the multiple of m that clears the lowest digit.
#define FACTOR \
	VPXORQ Z31, Z31, Z31 \
	VPMADD52LUQ (R8), Z0, Z31

// LOWCARRY carries out of the lowest digit before it is dropped.
#define LOWCARRY \
	VPSRLQ $52, Z0, Z0 \
	VPADDQ Z0, Z1, Z1

#define LOADSHIFT VMOVDQU64 (R9), Z30

#define DIGITMASK \
	VPTERNLOGQ $0xff, Z31, Z31, Z31 \
	VPSRLQ $12, Z31, Z31

// func multiply10(z, a, b, m *vector, k0, shift *[8]uint64)
TEXT ·multiply10(SB), NOSPLIT, $0-48
	ARGUMENTS
	MOVQ $10, CX
	ZERO10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)

row10:
	LOADB
	ROW10(VPMADD52LUQ, SI, 0, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	FACTOR
	ROW10(VPMADD52LUQ, DX, 0, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	LOWCARRY
	DOWN10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10)
	VPXORQ Z9, Z9, Z9
	ROW10(VPMADD52HUQ, SI, 0, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52HUQ, DX, 0, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	DECQ CX
	JNZ  row10

	LOADSHIFT
	SHIFT10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	DIGITMASK
	STORE10(0, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z30)
	VZEROUPPER
	RET

// func multiply20(z, a, b, m *vector, k0, shift *[8]uint64)
TEXT ·multiply20(SB), NOSPLIT, $0-48
	ARGUMENTS
	MOVQ $20, CX
	ZERO10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ZERO10(Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)

row20:
	LOADB
	ROW10(VPMADD52LUQ, SI, 0, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52LUQ, SI, 640, Z30, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	FACTOR
	ROW10(VPMADD52LUQ, DX, 0, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52LUQ, DX, 640, Z31, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	LOWCARRY
	DOWN10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10)
	DOWN10(Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19, Z20)
	VPXORQ Z19, Z19, Z19
	ROW10(VPMADD52HUQ, SI, 0, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52HUQ, SI, 640, Z30, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	ROW10(VPMADD52HUQ, DX, 0, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52HUQ, DX, 640, Z31, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	DECQ CX
	JNZ  row20

	LOADSHIFT
	SHIFT10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	SHIFT10(Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	DIGITMASK
	STORE10(0, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10)
	STORE10(640, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19, Z30)
	VZEROUPPER
	RET

// func multiply30(z, a, b, m *vector, k0, shift *[8]uint64)
TEXT ·multiply30(SB), NOSPLIT, $0-48
	ARGUMENTS
	MOVQ $30, CX
	ZERO10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ZERO10(Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	ZERO10(Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29)

row30:
	LOADB
	ROW10(VPMADD52LUQ, SI, 0, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52LUQ, SI, 640, Z30, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	ROW10(VPMADD52LUQ, SI, 1280, Z30, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29)
	FACTOR
	ROW10(VPMADD52LUQ, DX, 0, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52LUQ, DX, 640, Z31, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	ROW10(VPMADD52LUQ, DX, 1280, Z31, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29)
	LOWCARRY
	DOWN10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10)
	DOWN10(Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19, Z20)
	DOWN10(Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z29)
	VPXORQ Z29, Z29, Z29
	ROW10(VPMADD52HUQ, SI, 0, Z30, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52HUQ, SI, 640, Z30, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	ROW10(VPMADD52HUQ, SI, 1280, Z30, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29)
	ROW10(VPMADD52HUQ, DX, 0, Z31, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	ROW10(VPMADD52HUQ, DX, 640, Z31, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	ROW10(VPMADD52HUQ, DX, 1280, Z31, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29)
	DECQ CX
	JNZ  row30

	LOADSHIFT
	SHIFT10(Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9)
	SHIFT10(Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19)
	SHIFT10(Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29)
	DIGITMASK
	STORE10(0, Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10)
	STORE10(640, Z10, Z11, Z12, Z13, Z14, Z15, Z16, Z17, Z18, Z19, Z20)
	STORE10(1280, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30)
	VZEROUPPER
	RET
