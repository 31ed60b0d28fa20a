module govtpm

go 1.26
