package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"mime"
	"net/http"
	"path"
	"time"
)

//go:embed static
var static embed.FS

// asset is a file as it is served.
type asset struct {
	data         []byte
	version, tag string
	contentType  string
}

var assets = func() map[string]asset {
	found := make(map[string]asset)
	entries, err := static.ReadDir("static")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	for _, e := range entries {
		data, err := static.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		version := hex.EncodeToString(sum[:6])
		found[e.Name()] = asset{data: data, version: version, tag: `"` + version + `"`, contentType: contentTypes[path.Ext(e.Name())]}
	}
	return found
}()

// contentTypes does not depend on what the machine knows.
var contentTypes = map[string]string{
	".css": mime.FormatMediaType("text/css", map[string]string{"charset": "utf-8"}),
	".js":  mime.FormatMediaType("text/javascript", map[string]string{"charset": "utf-8"}),
	".svg": "image/svg+xml",
}

// assetPath returns where a file is, in the version that this program has.
func assetPath(name string) string { return "/static/" + name + "?v=" + assets[name].version }

// serveAsset serves a file. Whoever asks for the right version may keep it.
func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.PathValue("name")]
	if !ok {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	caching := "no-cache"
	if r.URL.Query().Get("v") == a.version {
		caching = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", caching)
	w.Header().Set("ETag", a.tag)
	w.Header().Set("Content-Type", a.contentType)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.data))
}
