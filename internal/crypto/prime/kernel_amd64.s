//go:build amd64 && !purego

#include "textflag.h"

// Montgomery multiplication of eight pairs of numbers at a time, one pair per
// 64-bit lane, with the 52-bit multiply-add instructions of AVX-512.
//
// The product is built row by row in t, whose digits hold up to 60 bits so
// that carries wait until the end. One row is
//
//	t += lo(a·b[i]);  y = lo(t[0]·k0);  t += lo(m·y)
//	t >>= one digit
//	t += hi(a·b[i]) + hi(m·y)
//
// done digit by digit in one pass. A digit receives four products below 2^52
// per row, fewer than 2^8 in all, and stays below 2^60.

// func multiply(z, a, b, m, t *vector, k0, shift *[8]uint64, digits int)
TEXT ·multiply(SB), NOSPLIT, $0-64
	MOVQ z+0(FP), DI
	MOVQ a+8(FP), SI
	MOVQ b+16(FP), BX
	MOVQ m+24(FP), DX
	MOVQ t+32(FP), R10
	MOVQ k0+40(FP), R8
	MOVQ shift+48(FP), R9
	MOVQ digits+56(FP), CX
	MOVQ CX, R11           // rows left
	SHLQ $6, CX            // size of the digits in use

	VPXORQ Z0, Z0, Z0
	XORQ   AX, AX
zero:
	VMOVDQU64 Z0, (R10)(AX*1)
	ADDQ      $64, AX
	CMPQ      AX, CX
	JB        zero

	VMOVDQU64 (R8), Z5

row:
	VMOVDQU64   (BX), Z3   // b[i]
	ADDQ        $64, BX
	VMOVDQU64   (SI), Z1   // a[0]
	VMOVDQU64   (DX), Z2   // m[0]
	VMOVDQU64   (R10), Z0
	VPMADD52LUQ Z3, Z1, Z0
	VPXORQ      Z4, Z4, Z4
	VPMADD52LUQ Z5, Z0, Z4 // y
	VPMADD52LUQ Z4, Z2, Z0
	VPSRLQ      $52, Z0, Z0
	MOVQ        $64, AX

digit:
	// t[j-1] = t[j] + hi(a[j-1]·b) + hi(m[j-1]·y) + lo(a[j]·b) + lo(m[j]·y)
	VPMADD52HUQ Z3, Z1, Z0
	VPMADD52HUQ Z4, Z2, Z0
	VMOVDQU64   (SI)(AX*1), Z1
	VMOVDQU64   (DX)(AX*1), Z2
	VPADDQ      (R10)(AX*1), Z0, Z0
	VPMADD52LUQ Z3, Z1, Z0
	VPMADD52LUQ Z4, Z2, Z0
	VMOVDQU64   Z0, -64(R10)(AX*1)
	VPXORQ      Z0, Z0, Z0
	ADDQ        $64, AX
	CMPQ        AX, CX
	JB          digit

	VPMADD52HUQ Z3, Z1, Z0
	VPMADD52HUQ Z4, Z2, Z0
	VMOVDQU64   Z0, -64(R10)(AX*1)
	DECQ        R11
	JNZ         row

	// z = t·2^shift, carries propagated.
	VMOVDQU64  (R9), Z3
	VPTERNLOGQ $0xff, Z4, Z4, Z4
	VPSRLQ     $12, Z4, Z4 // mask of a digit
	VPXORQ     Z0, Z0, Z0  // carry
	XORQ       AX, AX
carry:
	VMOVDQU64 (R10)(AX*1), Z1
	VPSLLVQ   Z3, Z1, Z1
	VPADDQ    Z0, Z1, Z1
	VPSRLQ    $52, Z1, Z0
	VPANDQ    Z4, Z1, Z1
	VMOVDQU64 Z1, (DI)(AX*1)
	ADDQ      $64, AX
	CMPQ      AX, CX
	JB        carry

	VZEROUPPER
	RET
