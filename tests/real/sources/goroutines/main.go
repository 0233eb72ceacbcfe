package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
)

func main() {
	var group sync.WaitGroup
	var lock sync.Mutex
	total := 0
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		line := scanner.Text()
		group.Add(1)
		go func() {
			defer group.Done()
			lock.Lock()
			defer lock.Unlock()
			total += len(line)
		}()
	}
	group.Wait()
	fmt.Println(len(os.Args), total, map[string]int{"b": 2, "a": 1})
}
