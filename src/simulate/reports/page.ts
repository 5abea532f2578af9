/** Style and script of the page: no request leaves it, no library is needed. */

export const STYLE = `
:root{--bg:#fff;--fg:#1c2024;--dim:#60646c;--line:#d9dce1;--reused:#9fd8b0;--first:#d93d42;--cascade:#f0a06a;--unsure:#c9b3ec;--broken:#8b8f98;--none:#eef0f3;--was:#d93d42;--is:#2b7fd0;--add:#e2f5e7;--del:#fde6e6}
@media(prefers-color-scheme:dark){:root{--bg:#15181c;--fg:#e6e8ea;--dim:#9ba1a9;--line:#30353c;--reused:#2c6b45;--first:#e5484d;--cascade:#b3641f;--unsure:#7d5fb8;--broken:#565b63;--none:#1d2126;--was:#ff7a7d;--is:#70b8ff;--add:#12361f;--del:#4a1b1d}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
header,main{max-width:1200px;margin:0 auto;padding:0 20px}h1{font-size:1.5em;margin:.9em 0 .4em}h2{font-size:1.15em;margin:1.8em 0 .5em}
dl{display:flex;flex-wrap:wrap;gap:4px 28px;margin:0}dt{color:var(--dim);font-size:.85em}dd{margin:0}
.hint,.legend{color:var(--dim);font-size:.88em}.legend .k{display:inline-block;width:11px;height:11px;border-radius:2px;margin:0 4px 0 14px;vertical-align:-1px}.legend .k:first-child{margin-left:0}
.k.reused{background:var(--reused)}.k.first{background:var(--first)}.k.cascade{background:var(--cascade)}.k.unsure{background:var(--unsure)}.k.broken{background:var(--broken)}.k.was{background:var(--was)}.k.is{background:var(--is)}
.map{overflow-x:auto;border:1px solid var(--line);border-radius:6px;margin-top:8px}canvas{display:block}canvas:focus{outline:2px solid var(--is);outline-offset:-2px}
#cell{min-height:1.5em;font-family:ui-monospace,monospace;font-size:.86em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.9em}th,td{text-align:left;padding:4px 10px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}th{color:var(--dim);font-weight:500}.n{text-align:right;white-space:nowrap}
code,pre{font-family:ui-monospace,monospace;font-size:.92em;overflow-wrap:anywhere}pre{overflow-x:auto;border:1px solid var(--line);border-radius:6px;padding:10px}
.add{background:var(--add)}.del{background:var(--del)}.variant{border-left:3px solid var(--is);padding-left:16px}
.curve{width:100%;height:260px;border:1px solid var(--line);border-radius:6px;margin-top:8px}.curve polyline{fill:none;stroke-width:2;vector-effect:non-scaling-stroke}.curve .was{stroke:var(--was)}.curve .is{stroke:var(--is)}
input[type=search]{font:inherit;padding:4px 8px;margin-bottom:6px;border:1px solid var(--line);border-radius:6px;background:var(--bg);color:var(--fg)}summary{cursor:pointer;padding:4px 0}`;

export const SCRIPT = `(()=>{
const d=JSON.parse(document.getElementById('data').textContent),c=document.getElementById('heat'),out=document.getElementById('cell');
const words={'.':'not in this Dockerfile',r:'reused',f:'first miss',c:'rebuilt in a cascade',u:'rebuilt, or reused if the stage it copies from came out the same',x:'cannot be built'};
const n=d.commits.length,rows=d.rows.length,H=18;let W=4,label=260,x=n-1,y=0,g;
function color(k){return getComputedStyle(document.documentElement).getPropertyValue({'.':'--none',r:'--reused',f:'--first',c:'--cascade',u:'--unsure',x:'--broken'}[k]).trim()}
function draw(){const room=c.parentNode.clientWidth-2;label=Math.min(320,Math.max(120,room*.32));W=Math.max(3,Math.min(18,(room-label)/Math.max(1,n)));
const w=Math.max(room,label+n*W),h=rows*H+4,q=devicePixelRatio||1;c.width=w*q;c.height=h*q;c.style.width=w+'px';c.style.height=h+'px';g=c.getContext('2d');g.scale(q,q);
const st=getComputedStyle(document.body),pal={};for(const k of Object.keys(words))pal[k]=color(k);
g.font='12px ui-monospace,monospace';g.textBaseline='middle';
d.rows.forEach((r,j)=>{g.fillStyle=st.color;let t=r.name;while(t.length>4&&g.measureText(t).width>label-12)t=t.slice(0,Math.max(4,t.length-4))+'…';g.fillText(t,6,j*H+H/2+2);
for(let i=0;i<n;i++){g.fillStyle=pal[r.cells[i]];g.fillRect(label+i*W,j*H+2,Math.max(1,W-(W>4?1:0)),H-2)}});
if(rows){g.strokeStyle=st.color;g.lineWidth=1.5;g.strokeRect(label+x*W-.5,y*H+1.5,Math.max(3,W),H-1)}}
function tell(){if(!rows)return;const k=d.rows[y].cells[x],m=d.commits[x];out.textContent=m.id+' '+m.subject+' · '+d.rows[y].name+' · '+(m.problem||words[k]);draw()}
c.addEventListener('mousemove',e=>{const b=c.getBoundingClientRect(),i=Math.floor((e.clientX-b.left-label)/W),j=Math.floor((e.clientY-b.top)/H);if(i>=0&&i<n&&j>=0&&j<rows&&(i!==x||j!==y)){x=i;y=j;tell()}});
c.addEventListener('keydown',e=>{const m={ArrowLeft:[-1,0],ArrowRight:[1,0],ArrowUp:[0,-1],ArrowDown:[0,1],Home:[-n,0],End:[n,0]}[e.key];if(!m)return;e.preventDefault();x=Math.max(0,Math.min(n-1,x+m[0]));y=Math.max(0,Math.min(rows-1,y+m[1]));tell()});
addEventListener('resize',draw);matchMedia('(prefers-color-scheme:dark)').addEventListener('change',draw);draw();
const f=document.getElementById('filter');f.addEventListener('input',()=>{const w=f.value.toLowerCase();for(const r of document.querySelectorAll('#commits tbody tr'))r.hidden=!r.textContent.toLowerCase().includes(w)});
})()`;
