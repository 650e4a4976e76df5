package eventstoretest

import (
	"runtime"
	"sync"
)

// while has the others look on as work proceeds: some times for each of its ticks, which come
// before what they are to look at, and once more when all is done. Looking all the time would
// take the time from those who work.
func while(work func(tick func()), others ...func()) {
	const looks = 3
	var p pace
	ended := make(chan struct{})
	var wg sync.WaitGroup
	for _, other := range others {
		wg.Go(func() {
			for {
				next := p.wait()
				select {
				case <-ended:
					other()
					return
				default:
				}
				for range looks {
					other()
					runtime.Gosched()
				}
				select {
				case <-ended:
				case <-next:
				}
			}
		})
	}
	work(p.tick)
	close(ended)
	wg.Wait()
}

// pace wakes all who wait.
type pace struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait returns a channel that is closed by the next tick.
func (p *pace) wait() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch == nil {
		p.ch = make(chan struct{})
	}
	return p.ch
}

func (p *pace) tick() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ch != nil {
		close(p.ch)
		p.ch = nil
	}
}
