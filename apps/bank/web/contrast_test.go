package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// luminance is as WCAG 2.2 defines it.
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(color[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	channel := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

// Text can be read on every ground that it stands on, by day and by night.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	var themes []map[string]string
	for _, block := range regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllSubmatch(css, -1) {
		colors := make(map[string]string)
		for _, c := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllSubmatch(block[1], -1) {
			colors[string(c[1])] = string(c[2])
		}
		if len(colors) > 10 { // not the one for paper
			themes = append(themes, colors)
		}
	}
	if len(themes) != 2 {
		t.Fatal(len(themes), "themes")
	}
	grounds := map[string][]string{
		"ink": {"ground", "surface", "raised", "fresh", "still-ground"}, "soft": {"ground", "surface", "raised", "fresh", "still-ground"},
		"accent": {"ground", "surface", "raised", "fresh", "still-ground"}, "accent-strong": {"ground", "surface", "raised", "still-ground"},
		"on-accent": {"accent", "accent-strong"}, "good": {"surface", "raised", "fresh", "good-ground"},
		"bad": {"surface", "raised", "bad-ground"}, "warn": {"surface", "warn-ground"},
	}
	for i, theme := range themes {
		for name, on := range grounds {
			for _, ground := range on {
				if ratio := contrast(t, theme[name], theme[ground]); ratio < 4.5 {
					t.Errorf("theme %d: %s on %s has %.2f, at least 4.5 is needed", i, name, ground, ratio)
				}
			}
		}
		for _, ground := range []string{"surface", "ground"} { // the edges of fields
			if ratio := contrast(t, theme["edge"], theme[ground]); ratio < 3 {
				t.Errorf("theme %d: edge on %s has %.2f, at least 3 is needed", i, ground, ratio)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	if a == "" || b == "" {
		t.Fatal("a colour is missing")
	}
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
