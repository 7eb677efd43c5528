// read-with-gofeed FILE...: what gofeed reads, in the shape of `preview --json`, as far as it has it.
// Built by `compare-reading --others` from Debian's golang-go and golang-github-mmcdole-gofeed-dev.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/mmcdole/gofeed"
)

type named struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type linked struct {
	URL string `json:"url"`
}

type entry struct {
	GUID       string   `json:"guid"`
	URL        string   `json:"url"`
	Title      string   `json:"title"`
	Published  *string  `json:"published"`
	Updated    *string  `json:"updated"`
	Authors    []named  `json:"authors"`
	Content    string   `json:"content_html"`
	Summary    string   `json:"summary"`
	Enclosures []linked `json:"enclosures"`
	Categories []string `json:"categories"`
}

type answer struct {
	Document string  `json:"document"`
	OK       bool    `json:"ok"`
	Error    string  `json:"error,omitempty"`
	Entries  []entry `json:"entries"`
}

func instant(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := t.UTC().Format("2006-01-02T15:04:05.000Z")
	return &text
}

func read(path string) (result answer) {
	result = answer{Document: path, Entries: []entry{}}
	defer func() {
		if problem := recover(); problem != nil {
			result.Error = fmt.Sprint(problem)
		}
	}()
	file, err := os.Open(path)
	if err != nil {
		result.Error = err.Error()
		return
	}
	defer file.Close()
	feed, err := gofeed.NewParser().Parse(file)
	if err != nil {
		result.Error = err.Error()
		return
	}
	result.OK = true
	for _, item := range feed.Items {
		one := entry{
			GUID: item.GUID, URL: item.Link, Title: item.Title, Content: item.Content, Summary: item.Description,
			Published: instant(item.PublishedParsed), Updated: instant(item.UpdatedParsed), Categories: item.Categories,
		}
		for _, author := range item.Authors {
			if author != nil {
				one.Authors = append(one.Authors, named{author.Name, author.Email})
			}
		}
		for _, enclosure := range item.Enclosures {
			one.Enclosures = append(one.Enclosures, linked{enclosure.URL})
		}
		result.Entries = append(result.Entries, one)
	}
	return
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for _, path := range os.Args[1:] {
		if err := out.Encode(read(path)); err != nil {
			os.Exit(1)
		}
	}
}
